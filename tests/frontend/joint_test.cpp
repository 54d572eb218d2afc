// Sessions over several partitions, on the wire: cursors that name each of them, and ids of the bridge that
// are safe.
#include "frontend/sse_session.hpp"

#include <algorithm>
#include <memory>
#include <set>

#include "frontend/in_process_server.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"
#include "support/partitioned_memory.hpp"
#include "support/streams.hpp"

namespace relay::test {
namespace {

// 'a' is in partition 1, 'b' in 2, 'c' in 0.
class Server : public InProcessServer {
 public:
  Server()
      : InProcessServer(1, {}, [](net::IoLoop& loop) {
          return std::make_unique<PartitionedMemory>(loop, system_clock(), 3);
        }) {}
  void publish(const std::string& channel, const std::string& data) const {
    REQUIRE(http_post(port(), "/v1/channels/" + channel + "/messages", data).status == 201);
  }
};

// Numbered messages over the channels, and the cursor that `follow` has after each.
struct Course {
  std::vector<std::string> data;
  std::vector<std::string> cursors;
};

template <class CursorOf>
Course run_course(const Server& server, StreamSet& set, const Stream& stream, CursorOf&& cursor_of) {
  Course course;
  for (const char* channel : {"a", "b", "c", "b", "b", "a", "c", "c", "a"}) {
    const std::size_t heard = stream.count(Item::Kind::kMessage);
    course.data.push_back(channel + std::to_string(course.data.size()));
    server.publish(channel, course.data.back());
    REQUIRE(set.run_until([&] { return stream.count(Item::Kind::kMessage) > heard; }));
    course.cursors.push_back(cursor_of(stream));
  }
  return course;
}

std::multiset<std::string> data_of(const Stream& stream) {
  std::multiset<std::string> data;
  for (const Item& item : stream.items()) {
    if (item.kind == Item::Kind::kMessage) data.insert(item.data);
  }
  return data;
}

void check_rest(const Stream& stream, StreamSet& set, const Course& course, std::size_t seen) {
  const std::multiset<std::string> rest(course.data.begin() + static_cast<std::ptrdiff_t>(seen),
                                        course.data.end());
  REQUIRE(set.run_until([&] { return stream.count(Item::Kind::kMessage) >= rest.size() && stream.live(); }));
  CHECK(data_of(stream) == rest);
  CHECK(stream.count(Item::Kind::kGap) == 0);
}

std::string client_id(char digit) {
  return std::string(63, '0') + digit;
}

}  // namespace

TEST_CASE("SSE over several partitions: every id goes on exactly where it was given") {
  const Server server;
  for (const Wire wire : {Wire::kSse, Wire::kSseJson}) {
    StreamSet set;
    Stream& stream = set.open(server.port(), wire, "channel=a&channel=b&channel=c");
    REQUIRE(set.await_live());
    const Course course =
        run_course(server, set, stream, [](const Stream& from) { return from.last_event_id(); });
    for (std::size_t seen = 1; seen <= course.data.size(); ++seen) {
      INFO(course.cursors[seen - 1]);
      CHECK(course.cursors[seen - 1].front() == 'c');
      CHECK(course.cursors[seen - 1].size() < 60);
      StreamSet again;
      Stream& resumed = again.open(server.port(), wire, "channel=c&channel=b&channel=a",
                                   {{"Last-Event-ID", course.cursors[seen - 1]}});
      check_rest(resumed, again, course, seen);
    }
  }
}

TEST_CASE("SSE within one partition: ids are plain, and good for several as well") {
  const Server server;
  StreamSet set;
  Stream& stream = set.open(server.port(), Wire::kSse, "channel=a&channel=d");
  REQUIRE(set.await_live());
  server.publish("a", "one");
  REQUIRE(set.run_until([&] { return stream.count(Item::Kind::kMessage) == 1; }));
  REQUIRE(parse_id(stream.last_event_id()));
  server.publish("a", "two");
  Stream& wider =
      set.open(server.port(), Wire::kSse, "channel=a&channel=b&last_event_id=" + stream.last_event_id());
  REQUIRE(set.run_until([&] { return wider.count(Item::Kind::kMessage) == 1; }));
  CHECK(data_of(wider) == std::multiset<std::string>{"two"});
}

TEST_CASE("An ephemeral message over several partitions has no id, and moves none") {
  const Server server;
  StreamSet set;
  Stream& stream = set.open(server.port(), Wire::kSse, "channel=a&channel=b");
  REQUIRE(set.await_live());
  server.publish("a", "kept");
  REQUIRE(set.run_until([&] { return stream.count(Item::Kind::kMessage) == 1; }));
  const std::string before = stream.last_event_id();
  REQUIRE(http_post(server.port(), "/v1/channels/b/messages?ttl=0", "gone").status == 201);
  REQUIRE(set.run_until([&] { return stream.count(Item::Kind::kMessage) == 2; }));
  CHECK(stream.last_event_id() == before);
}

TEST_CASE("What one partition no longer keeps is told as gap") {
  const Server server;
  StreamSet set;
  Stream& stream = set.open(server.port(), Wire::kSse, "channel=few:1&channel=b");
  REQUIRE(set.await_live());
  server.publish("b", "b0");
  REQUIRE(set.run_until([&] { return stream.count(Item::Kind::kMessage) == 1; }));
  server.publish("few:1", "f0");
  REQUIRE(set.run_until([&] { return stream.count(Item::Kind::kMessage) == 2; }));
  const std::string cursor = stream.last_event_id();
  for (int i = 1; i < 5; ++i) server.publish("few:1", "f" + std::to_string(i));
  server.publish("b", "b1");
  Stream& late = set.open(server.port(), Wire::kSse, "channel=few:1&channel=b&last_event_id=" + cursor);
  REQUIRE(set.run_until([&] { return late.count(Item::Kind::kMessage) == 3; }));
  CHECK(late.count(Item::Kind::kGap) == 1);
  CHECK(data_of(late) == std::multiset<std::string>{"f3", "f4", "b1"});
}

TEST_CASE("WebSocket: channels of the URL share a cursor that comes with every message") {
  const Server server;
  StreamSet set;
  Stream& stream = set.open(server.port(), Wire::kWsJson, "channel=a&channel=b&channel=c");
  REQUIRE(set.await_live());
  REQUIRE(set.run_until([&] { return stream.find("subscribed") != nullptr; }));
  const std::string start = stream.find("subscribed")->cursor;
  CHECK(start.front() == 'c');
  Course course =
      run_course(server, set, stream, [](const Stream& from) { return from.items().back().cursor; });
  course.cursors.insert(course.cursors.begin(), start);
  for (std::size_t seen = 0; seen <= course.data.size(); ++seen) {
    INFO(course.cursors[seen]);
    StreamSet again;
    Stream& resumed = again.open(server.port(), Wire::kWsJson,
                                 "channel=c&channel=b&channel=a&after=" + course.cursors[seen]);
    check_rest(resumed, again, course, seen);
    REQUIRE(resumed.find("subscribed") != nullptr);
    CHECK(resumed.find("subscribed")->recovered);
  }
}

TEST_CASE("A cursor over several partitions is good for history and for one channel of a WebSocket") {
  const Server server;
  StreamSet set;
  Stream& stream = set.open(server.port(), Wire::kSse, "channel=a&channel=b");
  REQUIRE(set.await_live());
  for (const char* channel : {"a", "b"}) {
    server.publish(channel, std::string(channel) + "0");
    const std::size_t heard = stream.count(Item::Kind::kMessage);
    REQUIRE(set.run_until([&] { return heard > 0 || stream.count(Item::Kind::kMessage) > heard; }));
  }
  REQUIRE(set.run_until([&] { return stream.count(Item::Kind::kMessage) == 2; }));
  const std::string cursor = stream.last_event_id();
  server.publish("b", "b1");
  const HttpAnswer history = http_get(server.port(), "/v1/channels/b/messages?after=" + cursor);
  CHECK(history.status == 200);
  CHECK(history.body.find("\"b1\"") != std::string::npos);
  CHECK(history.body.find("\"b0\"") == std::string::npos);
  Stream& socket = set.open(server.port(), Wire::kWsJson, "");
  REQUIRE(set.run_until([&] { return socket.find("welcome") != nullptr; }));
  socket.send_text(R"({"type":"subscribe","channel":"b","after":")" + cursor + "\"}");
  REQUIRE(set.run_until([&] { return socket.count(Item::Kind::kMessage) == 1; }));
  CHECK(data_of(socket) == std::multiset<std::string>{"b1"});
}

TEST_CASE("A cursor that is none is a 400 before the stream") {
  const Server server;
  for (const std::string bad : {"cAAAA", "c", "cAQID", "x", "12a", "c%20", "-1"}) {
    INFO(bad);
    CHECK(http_get(server.port(), "/v1/events?channel=a&channel=b&last_event_id=" + bad).status == 400);
    CHECK(http_get(server.port(), "/v1/channels/a/messages?after=" + bad).status == 400);
  }
}

TEST_CASE("Bridge over several partitions: ids never go back, and no id ever given loses a message") {
  const Server server;
  const std::string ids[] = {client_id('0'), client_id('1'), client_id('2')};
  const std::string query = "client_id=" + ids[0] + ',' + ids[1] + ',' + ids[2];
  HttpClient reader(server.port());
  REQUIRE(reader.send(format_request("GET", "/bridge/events?" + query)));
  wire::SseParser parser;
  std::string body;
  std::vector<std::pair<std::string, MessageId>> told;  // data, id
  const auto read_until = [&](HttpClient& from, wire::SseParser& events, std::size_t count) {
    while (told.size() < count) {
      const std::string bytes = from.read_some();
      REQUIRE_FALSE(bytes.empty());
      events.feed(bytes, [&](const wire::SseEvent& event) {
        if (!event.data.empty() && event.data.front() == '{')
          told.push_back({event.data, parse_id(event.id).value_or(0)});
      });
    }
  };
  for (int i = 0; i < 9; ++i) {
    const std::string to = ids[(i * i + i / 2) % 3];
    REQUIRE(http_post(server.port(),
                      "/bridge/message?client_id=" + std::string(64, 'f') + "&to=" + to + "&ttl=300",
                      "m" + std::to_string(i))
                .status == 200);
    read_until(reader, parser, static_cast<std::size_t>(i) + 1);
  }
  const auto whole = std::exchange(told, {});
  for (std::size_t i = 1; i < whole.size(); ++i) CHECK(whole[i].second >= whole[i - 1].second);
  CHECK(whole.back().second > 0);
  for (std::size_t seen = 1; seen <= whole.size(); ++seen) {
    INFO("after " << seen << ", id " << whole[seen - 1].second);
    HttpClient again(server.port());
    REQUIRE(again.send(format_request(
        "GET", "/bridge/events?" + query + "&last_event_id=" + std::to_string(whole[seen - 1].second))));
    wire::SseParser events;
    told.clear();
    const auto has_all = [&] {
      return std::all_of(whole.begin() + static_cast<std::ptrdiff_t>(seen), whole.end(),
                         [&](const auto& one) {
                           return std::any_of(told.begin(), told.end(),
                                              [&](const auto& heard) { return heard.first == one.first; });
                         });
    };
    while (!has_all()) read_until(again, events, told.size() + 1);
    CHECK(told.size() <= whole.size());
  }
}

}  // namespace relay::test
