#include "base/scratch_text.hpp"

#include <string>
#include <thread>

#include "support/catch.hpp"

using namespace relay;

TEST_CASE("a scratch text begins empty and has the memory of the last one") {
  const char* at = nullptr;
  {
    ScratchText text;
    text->assign(1000, 'x');
    at = text->data();
  }
  ScratchText again;
  CHECK(again->empty());
  CHECK(again->capacity() >= 1000);
  CHECK(again->data() == at);
}

TEST_CASE("scratch texts within each other are apart, however deep") {
  ScratchText a, b, c, d, e;
  *a = "a";
  *b = "b";
  *c = "c";
  *d = "d";
  *e = "e";
  CHECK(*a + *b + *c + *d + *e == "abcde");
}

TEST_CASE("a scratch text that grew large gives its memory back") {
  {
    ScratchText large;
    large->assign(1024 * 1024, 'x');
  }
  ScratchText next;
  CHECK(next->capacity() < 1024);
}

TEST_CASE("each thread has scratch texts of its own") {
  ScratchText here;
  *here = "here";
  std::thread([] {
    ScratchText there;
    CHECK(there->empty());
    *there = "there";
  }).join();
  CHECK(*here == "here");
}
