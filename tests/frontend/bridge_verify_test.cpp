#include "frontend/bridge_verify.hpp"

#include "support/catch.hpp"

namespace relay::frontend {
namespace {

TEST_CASE("an origin is scheme and host as written") {
  CHECK(extract_origin("https://dapp.example/path?q#f") == "https://dapp.example");
  CHECK(extract_origin("HTTPS://DApp.example:443") == "https://DApp.example:443");
  CHECK(extract_origin("https://user:pw@dapp.example?x") == "https://dapp.example");
  CHECK(extract_origin("https://[::1]:8080/x") == "https://[::1]:8080");
  for (const char* whole : {"dapp.example", "https://", "null", "1s://x", "://x", ""})
    CHECK(extract_origin(whole) == whole);
}

TEST_CASE("a record survives its text, IPv6 included") {
  const BridgeRecord record = BridgeRecord::parse(BridgeRecord{"2001:db8::1", "https://a.b:1"}.text());
  CHECK(record.address == "2001:db8::1");
  CHECK(record.origin == "https://a.b:1");
  CHECK(BridgeRecord::parse("nonsense").origin.empty());
}

TEST_CASE("verdicts") {
  const BridgeRecord asked{"1.2.3.4", "https://a"};
  CHECK(verdict_text(judge({}, asked)) == "unknown");
  CHECK(verdict_text(judge({{"1.2.3.4", "https://b"}}, asked)) == "danger");
  CHECK(verdict_text(judge({{"1.2.3.4", "https://b"}, {"5.6.7.8", "https://a"}}, asked)) == "warning");
  CHECK(verdict_text(judge({{"5.6.7.8", "https://a"}, {"1.2.3.4", "https://a"}}, asked)) == "ok");
}

TEST_CASE("parameters come from a JSON object with strings, else from the query") {
  const BridgeQuery query("client_id=q&url=qu");
  const auto read = [&](std::string_view type, std::string_view body) {
    const auto request = parse_bridge_verify(query, type, body);
    return request ? request->client_id + ' ' + request->url : request.error().message;
  };
  CHECK(read("", "") == "q qu");
  CHECK(read("application/json; charset=utf-8", R"({"client_id":"b","url":"bu","type":"CONNECT"})") ==
        "b bu");
  CHECK(read("text/plain", R"({"client_id":"b","url":"bu"})") == "q qu");
  CHECK(read("application/json", R"({"client_id":1,"x":{"url":"n"},"y":["s"]})") == "q qu");
  CHECK(read("application/json", R"({"client_id":"b","url":"bu")") == "q qu");
  CHECK(read("application/json", R"(["client_id","b"])") == "q qu");
  CHECK(read("application/json", R"({"client_id":"b","x":{"url":"inner"}})") == "param \"url\" not present");
  CHECK(read("application/json", R"({"url":"bu"})") == "param \"client_id\" not present");
  CHECK(read("application/json", R"({"client_id":"b","url":"bu","type":"sign"})") ==
        "param \"type\" must be: connect");
  CHECK(read("application/json", R"({"client_id":"b","url":"bu","type":""})") == "b bu");
  CHECK(read("application/json", std::string(1'000'000, '[')) == "q qu");
}

}  // namespace
}  // namespace relay::frontend
