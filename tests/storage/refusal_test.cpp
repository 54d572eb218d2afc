#include "storage/redis/refusal.hpp"

#include "support/catch.hpp"

namespace relay::redis {
namespace {

TEST_CASE("errors are told apart by their first word") {
  CHECK(classify("MOVED 3999 127.0.0.1:6381") == Refusal::kMoved);
  CHECK(classify("ASK 3999 127.0.0.1:6381") == Refusal::kAsk);
  CHECK(classify("TRYAGAIN Multiple keys request during rehashing of slot") == Refusal::kTryAgain);
  CHECK(classify("CLUSTERDOWN Hash slot not served") == Refusal::kClusterDown);
  CHECK(classify("READONLY You can't write against a read only replica.") == Refusal::kWrongServer);
  CHECK(classify("LOADING Redis is loading the dataset in memory") == Refusal::kWrongServer);
  CHECK(classify("NOSCRIPT No matching script.") == Refusal::kNoScript);
  CHECK(classify("OOM command not allowed when used memory > 'maxmemory'.") == Refusal::kRefused);
  CHECK(classify("BUSY") == Refusal::kRefused);
}

TEST_CASE("any other error says nothing of what was done") {
  for (const char* text :
       {"ERR unknown command", "WRONGTYPE Operation against a key", "", "MOVEDX 1 a:1", "moved"}) {
    CHECK(classify(text) == Refusal::kNone);
  }
}

TEST_CASE("a redirect names a server") {
  const Redirect plain = parse_redirect("MOVED 3999 127.0.0.1:6381");
  CHECK(plain.host == "127.0.0.1");
  CHECK(plain.port == 6381);
  const Redirect six = parse_redirect("ASK 1 ::1:7000");
  CHECK(six.host == "::1");
  CHECK(six.port == 7000);
  CHECK(parse_redirect("ASK 1 [::1]:7000").host == "::1");
}

TEST_CASE("a redirect may leave the host to the one that said so") {
  for (const char* text : {"MOVED 1 :7000", "MOVED 1 ?:7000"}) {
    CHECK(parse_redirect(text).host.empty());
    CHECK(parse_redirect(text).port == 7000);
  }
}

TEST_CASE("a malformed redirect has no port") {
  for (const char* text :
       {"MOVED", "MOVED 1", "MOVED 1 host", "MOVED 1 host:", "MOVED 1 host:x1", "MOVED 1 host:70000"}) {
    CHECK(parse_redirect(text).port == 0);
  }
}

}  // namespace
}  // namespace relay::redis
