#include "base/shared_frame.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"

using namespace relay;

TEST_CASE("a frame holds a copy of its bytes") {
  std::string bytes("a\0b", 3);
  const SharedFrame frame = SharedFrame::copy_of(bytes);
  bytes = "gone";
  CHECK(frame.view() == std::string_view("a\0b", 3));
  CHECK(frame.size() == 3);
  CHECK(frame);
  CHECK(sizeof(SharedFrame) == sizeof(void*));
}

TEST_CASE("no frame and an empty frame") {
  const SharedFrame none;
  CHECK_FALSE(none);
  CHECK(none.size() == 0);
  CHECK(none.data() == nullptr);
  const SharedFrame empty = SharedFrame::copy_of("");
  CHECK(empty);
  CHECK(empty.view().empty());
}

TEST_CASE("a frame of two pieces is one run of bytes") {
  CHECK(SharedFrame::joined("ab", "cde").view() == "abcde");
  CHECK(SharedFrame::joined("", "cde").view() == "cde");
  CHECK(SharedFrame::joined("ab", "").view() == "ab");
  CHECK(SharedFrame::joined("", "").size() == 0);
}

TEST_CASE("handles share the bytes") {
  SharedFrame first = SharedFrame::copy_of("frame");
  const SharedFrame second = first;
  CHECK(second.data() == first.data());
  SharedFrame third = std::move(first);
  CHECK_FALSE(first);  // NOLINT: a moved-from handle is empty
  third = SharedFrame::copy_of("other");
  CHECK(second.view() == "frame");
  const SharedFrame& alias = third;
  third = alias;
  CHECK(third.view() == "other");
}

TEST_CASE("a slot makes its frame once") {
  FrameSlot slot;
  int made = 0;
  const auto encode = [&] {
    ++made;
    return SharedFrame::copy_of("frame");
  };
  const SharedFrame first = slot.get_or_make(encode);
  const SharedFrame second = slot.get_or_make(encode);
  CHECK(made == 1);
  CHECK(first.data() == second.data());
}

TEST_CASE("a frame outlives its slot, and an unused slot is nothing") {
  SharedFrame frame;
  {
    FrameSlot slot;
    const FrameSlot unused;
    frame = slot.get_or_make([] { return SharedFrame::copy_of("kept"); });
  }
  CHECK(frame.view() == "kept");
}

TEST_CASE("threads that race for a slot all get one frame") {
  constexpr int kThreads = 4;
  for (int round = 0; round < 500; ++round) {
    FrameSlot slot;
    std::atomic<int> ready{0};
    std::vector<SharedFrame> got(kThreads);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        ready.fetch_add(1);
        while (ready.load() < kThreads) std::this_thread::yield();
        got[static_cast<std::size_t>(i)] =
            slot.get_or_make([&] { return SharedFrame::copy_of("made by " + std::to_string(i)); });
        const SharedFrame copy = got[static_cast<std::size_t>(i)];
        (void)copy;
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const SharedFrame& frame : got) REQUIRE(frame.data() == got[0].data());
    REQUIRE(got[0].view().starts_with("made by "));
  }
}
