#include "frontend/bridge_params.hpp"

#include "support/catch.hpp"

namespace relay::frontend {
namespace {

const std::string kA(64, 'a');
const std::string kB = std::string(32, 'B') + std::string(32, '0');

std::string events_error(std::string_view query, std::string_view header = {}) {
  const auto request = parse_bridge_events(BridgeQuery(query), header, 1000);
  return request ? "" : request.error().message;
}

std::string message_error(const std::string& query) {
  const auto request = parse_bridge_message(BridgeQuery(query), std::chrono::seconds(300));
  return request ? "" : request.error().message;
}

TEST_CASE("a query is read as Go reads it") {
  const BridgeQuery query("a=1&a=2&bad=%zz&b=x%2Cy+z&c&=d");
  CHECK(*query.find("a") == "1");
  CHECK(*query.find("b") == "x,y z");
  CHECK(query.find("c")->empty());
  CHECK(query.find("bad") == nullptr);
  CHECK(query.find("e") == nullptr);
}

TEST_CASE("a client id is 64 hex digits whose case is kept") {
  CHECK(*parse_client_id(kB) == kB);
  CHECK(*parse_client_id(" " + kB + "\n") == kB);
  CHECK(parse_client_id(kA + "a").error().message == "public address must be 64 characters long");
  CHECK(parse_client_id("").error().message == "public address must be 64 characters long");
  CHECK(parse_client_id(std::string(63, 'a') + "g").error().message ==
        "public address must be a valid hex string");
}

TEST_CASE("integers and their errors are Go's") {
  CHECK(*parse_go_int("+300", 32) == 300);
  CHECK(*parse_go_int("-2147483648", 32) == -2147483648LL);
  CHECK(*parse_go_int("-9223372036854775808", 64) == std::numeric_limits<std::int64_t>::min());
  CHECK(*parse_go_int("9223372036854775807", 64) == std::numeric_limits<std::int64_t>::max());
  for (const char* text : {"2147483648", "-2147483649", "99999999999999999999999"}) {
    CHECK(parse_go_int(text, 32).error().message ==
          "strconv.ParseInt: parsing \"" + std::string(text) + "\": value out of range");
  }
  CHECK(parse_go_int("9223372036854775808", 64).error().message ==
        "strconv.ParseInt: parsing \"9223372036854775808\": value out of range");
  for (const char* text : {"", "-", "1_0", "0x10", " 1", "1.5", "ten"}) {
    CHECK(parse_go_int(text, 32).error().message ==
          "strconv.ParseInt: parsing \"" + std::string(text) + "\": invalid syntax");
  }
  CHECK(parse_go_int("a\"\\\n\x01\xff", 32).error().message ==
        "strconv.ParseInt: parsing \"a\\\"\\\\\\n\\x01\\xff\": invalid syntax");
}

TEST_CASE("trace ids are canonical UUIDs or none") {
  const std::string canonical = "0190a1b2-c3d4-7e5f-8a9b-0123456789ab";
  CHECK(parse_trace_id(canonical) == canonical);
  CHECK(parse_trace_id("0190A1B2-C3D4-7E5F-8A9B-0123456789AB") == canonical);
  CHECK(parse_trace_id("urn:uuid:" + canonical) == canonical);
  CHECK(parse_trace_id("URN:UUID:" + canonical) == canonical);
  CHECK(parse_trace_id("{" + canonical + "}") == canonical);
  CHECK(parse_trace_id("0190a1b2c3d47e5f8a9b0123456789ab") == canonical);
  for (const char* text :
       {"", "unknown", "0190a1b2-c3d4-7e5f-8a9b-0123456789a", "0190a1b2-c3d4-7e5f-8a9b-0123456789ag",
        "0190a1b2c-3d4-7e5f-8a9b-0123456789ab", "[0190a1b2-c3d4-7e5f-8a9b-0123456789ab]"}) {
    CHECK_FALSE(parse_trace_id(text).has_value());
  }
}

TEST_CASE("events: a list, a cursor, a heartbeat") {
  const auto request = parse_bridge_events(BridgeQuery("client_id=" + kA + "%2C" + kB + "," + kA +
                                                       "&heartbeat=message"
                                                       "&last_event_id=7&enable_queue_done_event=true"),
                                           "", 1000);
  REQUIRE(request.has_value());
  CHECK(request->client_ids == std::vector<std::string>{kA, kB});
  CHECK(request->listed == 3);
  CHECK(request->after == 7);
  CHECK(request->heartbeat == BridgeHeartbeat::kMessage);
}

TEST_CASE("events: a header that is not zero wins over the query") {
  const auto after = [](std::string_view query, std::string_view header) {
    return parse_bridge_events(BridgeQuery("client_id=" + kA + std::string(query)), header, 1000)->after;
  };
  CHECK(after("", "") == 0);
  CHECK(after("&last_event_id=5", "9") == 9);
  CHECK(after("&last_event_id=5", "0") == 5);
  CHECK(after("&last_event_id=5", "") == 5);
  CHECK(after("&last_event_id=nonsense", "9") == 9);
  CHECK(after("&last_event_id=-5", "") == 0);
  CHECK(after("", "9223372036854775807") == kMaxId);
}

TEST_CASE("events: errors in Go's order and words") {
  const std::string good = "client_id=" + kA;
  CHECK(events_error("heartbeat=&last_event_id=x") ==
        "invalid heartbeat type. Supported: legacy and message");
  CHECK(events_error("heartbeat=Legacy&" + good) == "invalid heartbeat type. Supported: legacy and message");
  CHECK(events_error("last_event_id=x", "y") == "Last-Event-ID should be int");
  CHECK(events_error("last_event_id=x") == "last_event_id should be int");
  CHECK(events_error("last_event_id=&" + good) == "last_event_id should be int");
  CHECK(events_error("") == "param \"client_id\" not present");
  CHECK(
      events_error("client_id=") ==
      "param \"client_id\" must be a valid public address, error: public address must be 64 characters long");
  CHECK(
      events_error(good + "," + std::string(64, 'z')) ==
      "param \"client_id\" must be a valid public address, error: public address must be a valid hex string");
  CHECK(parse_bridge_events(BridgeQuery("client_id=" + kA + "," + kB), "", 1).error().message ==
        "param \"client_id\" has too many addresses: 1 max");
}

TEST_CASE("message: errors in Go's order and words") {
  const std::string from = "client_id=" + kA;
  const std::string to = from + "&to=" + kB;
  CHECK(message_error("to=x&ttl=x") == "param \"client_id\" not present");
  CHECK(message_error("client_id=x") ==
        "failed to parse the \"client_id\" address: public address must be 64 characters long");
  CHECK(message_error("client_id=" + std::string(64, 'x')) ==
        "failed to parse the \"client_id\" address: public address must be a valid hex string");
  CHECK(message_error(from) == "param \"to\" not present");
  CHECK(message_error(from + "&to=x") ==
        "failed to parse the \"to\" address: public address must be 64 characters long");
  CHECK(message_error(to) == "param \"ttl\" not present");
  CHECK(message_error(to + "&ttl=") == "strconv.ParseInt: parsing \"\": invalid syntax");
  CHECK(message_error(to + "&ttl=3000000000") ==
        "strconv.ParseInt: parsing \"3000000000\": value out of range");
  CHECK(message_error(to + "&ttl=301") == "param \"ttl\" too high");
  CHECK(message_error(to + "&ttl=300").empty());
}

TEST_CASE("message: a ttl below one is live only") {
  const auto request = parse_bridge_message(
      BridgeQuery("client_id=" + kA + "&to=" + kB + "&ttl=-60&topic=&trace_id=x"), std::chrono::seconds(300));
  REQUIRE(request.has_value());
  CHECK(request->ttl == Milliseconds(0));
  CHECK(request->topic == "");
  CHECK_FALSE(request->trace_id.has_value());
}

TEST_CASE("the data line is Go's JSON") {
  CHECK(bridge_message_json("f", "<a&\"\n\xff", "t") ==
        "{\"from\":\"f\",\"message\":\"\\u003ca\\u0026\\\"\\n\\ufffd\",\"trace_id\":\"t\",\"connect_source\":"
        "{\"ip\":\"\"}}");
}

}  // namespace
}  // namespace relay::frontend
