// Path 1: a publish, from the request to every form in which a subscriber gets it.
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "support/catch.hpp"
#include "support/checker.hpp"
#include "support/relayd_process.hpp"
#include "support/storage_under_test.hpp"
#include "support/streams.hpp"

using namespace relay::test;
using Json = nlohmann::json;
using relay::MessageId;

namespace {

// One storage and one relayd for all cases of this file: every case has channels of its own.
struct Stage {
  StorageUnderTest storage;
  RelaydProcess relayd{
      storage.settings({{"namespace.still.ephemeral", "true"}, {"namespace.hidden.presence", "false"}})};
  Stage() { relayd.await_ready(); }
  std::uint16_t port() const { return relayd.port(); }
};

Stage& stage() {
  static Stage one;
  return one;
}

std::string messages_of(const std::string& channel) {
  return "/v1/channels/" + channel + "/messages";
}

MessageId publish(const std::string& channel, std::string_view body, std::string_view query = "",
                  const HeaderList& headers = {}) {
  const HttpAnswer answer =
      http_post(stage().port(), messages_of(channel) + std::string(query), body, headers);
  INFO(answer.body);
  REQUIRE(answer.status == 201);
  return Json::parse(answer.body).at("id").get<MessageId>();
}

Json history(const std::string& channel, std::string_view query = "") {
  const HttpAnswer answer = http_get(stage().port(), messages_of(channel) + std::string(query));
  REQUIRE(answer.status == 200);
  return Json::parse(answer.body);
}

}  // namespace

TEST_CASE("A message reaches every kind of subscriber, once, with one id") {
  StreamSet streams;
  Stream& sse = streams.open(stage().port(), Wire::kSse, "channel=every");
  Stream& sse_json = streams.open(stage().port(), Wire::kSseJson, "channel=every");
  Stream& ws_json = streams.open(stage().port(), Wire::kWsJson, "channel=every");
  Stream& ws_raw = streams.open(stage().port(), Wire::kWsRaw, "channel=every");
  REQUIRE(streams.await_live());
  REQUIRE(streams.run_until([&] { return ws_json.find("subscribed") != nullptr; }));
  HttpClient poll(stage().port());
  const Json before = history("every");
  poll.send(
      format_request("GET", messages_of("every") + "?wait=10s&after=" + before["cursor"].get<std::string>()));
  const Json presence_once = Json::parse(http_get(stage().port(), "/v1/channels/every/presence").body);
  CHECK(presence_once["count"] >= 3);
  const MessageId id = publish("every", "hello", "?event=greeting");
  REQUIRE(streams.run_until([&] {
    return sse.count(Item::Kind::kMessage) + sse_json.count(Item::Kind::kMessage) +
               ws_json.count(Item::Kind::kMessage) + ws_raw.count(Item::Kind::kMessage) ==
           4;
  }));
  for (const Stream* stream : {&sse, &sse_json, &ws_json}) {
    const Item& item = stream->items().back();
    CHECK(item.id == id);
    CHECK(item.event == "greeting");
    CHECK(item.data == "hello");
  }
  CHECK(ws_raw.items().back().data == "hello");
  const Json polled = Json::parse(poll.read_answer().body);
  REQUIRE(polled["messages"].size() == 1);
  CHECK(polled["messages"][0]["id"] == id);
  CHECK(polled["messages"][0]["event"] == "greeting");
  const Json kept = history("every");
  REQUIRE(kept["messages"].size() == 1);
  CHECK(kept["messages"][0]["data"] == "hello");
  CHECK(kept["cursor"] == std::to_string(id));
}

TEST_CASE("JSON is embedded as JSON, text as a string, whatever the white space") {
  const std::string json = "{\"a\": [1, 2.50,\n \"\xc3\xa9\"]}";
  publish("forms", json, "", {{"Content-Type", "application/json; charset=utf-8"}});
  publish("forms", json, "", {{"Content-Type", "text/plain"}});
  const Json kept = history("forms");
  CHECK(kept["messages"][0]["data"] == Json::parse(json));
  CHECK(kept["messages"][1]["data"] == json);
  CHECK(http_post(stage().port(), messages_of("forms"), "{oops", {{"Content-Type", "application/json"}})
            .status == 400);
  CHECK(history("forms")["messages"].size() == 2);
}

TEST_CASE("Line breaks in a payload never become a field of the stream") {
  StreamSet streams;
  Stream& sse = streams.open(stage().port(), Wire::kSse, "channel=lines");
  Stream& sse_json = streams.open(stage().port(), Wire::kSseJson, "channel=lines");
  REQUIRE(streams.await_live());
  const std::vector<std::string> payloads{"one\nid: 1\nevent: forged\n\ndata: x",
                                          "two\r\nid: 2\r\n\r\nretry: 1",
                                          "three\revent: forged\r\rdata: y",
                                          ": not a comment",
                                          "\n",
                                          "trailing\n"};
  std::vector<MessageId> ids;
  for (const std::string& payload : payloads) ids.push_back(publish("lines", payload));
  REQUIRE(streams.run_until(
      [&] { return sse.items().size() >= payloads.size() && sse_json.items().size() >= payloads.size(); }));
  REQUIRE(sse.items().size() == payloads.size());
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    CHECK(sse.items()[i].event.empty());
    CHECK(sse.items()[i].id == ids[i]);
    CHECK(sse_json.items()[i].data == payloads[i]);  // the JSON form keeps every byte
  }
  CHECK_FALSE(sse.retry().has_value());
  const HttpAnswer forged = http_post(stage().port(), messages_of("lines") + "?event=a%0Adata:%20b", "x");
  CHECK(forged.status == 400);
  CHECK(Json::parse(forged.body)["error"]["code"] == "bad_event");
}

TEST_CASE("An Idempotency-Key stores once and answers the same id; for other data it conflicts") {
  const HeaderList key{{"Idempotency-Key", "order-7"}};
  const HttpAnswer first = http_post(stage().port(), messages_of("once"), "paid", key);
  const HttpAnswer second = http_post(stage().port(), messages_of("once"), "paid", key);
  const HttpAnswer other = http_post(stage().port(), messages_of("once"), "refunded", key);
  CHECK(first.status == 201);
  CHECK(second.status == 201);
  CHECK(Json::parse(first.body)["id"] == Json::parse(second.body)["id"]);
  CHECK(Json::parse(second.body)["repeated"] == true);
  CHECK(other.status == 409);
  CHECK(history("once")["messages"].size() == 1);
  // The key belongs to its channel.
  CHECK(http_post(stage().port(), messages_of("once-more"), "refunded", key).status == 201);
}

TEST_CASE("A ttl is kept to: expired messages are gone, 0 is live only") {
  StreamSet streams;
  Stream& live = streams.open(stage().port(), Wire::kSse, "channel=brief");
  REQUIRE(streams.await_live());
  publish("brief", "fleeting", "?ttl=0");
  publish("brief", "short", "?ttl=300ms");
  publish("brief", "long", "?ttl=60s");
  REQUIRE(streams.run_until([&] { return live.items().size() == 3; }));
  CHECK(live.items()[0].id == 0);  // nothing to resume from
  CHECK(history("brief")["messages"].size() == 2);
  REQUIRE(streams.run_until([&] { return history("brief")["messages"].size() == 1; }));
  CHECK(history("brief")["messages"][0]["data"] == "long");
  for (const std::string& ttl : std::vector<std::string>{"-1", "1x", "9999999999", "301", "1e3", ""}) {
    CHECK(http_post(stage().port(), messages_of("brief") + "?ttl=" + ttl, "x").status == 400);
  }
}

TEST_CASE("Batch publish answers line by line and keeps the order") {
  const std::string body =
      "{\"channel\":\"batch\",\"data\":\"a\"}\n"
      "\r\n"
      "not json\n"
      "{\"channel\":\"batch\",\"data\":{\"b\": 1},\"event\":\"e\"}\r\n"
      "{\"channel\":\"no good\",\"data\":1}\n"
      "{\"channel\":\"batch\"}\n"
      "{\"channel\":\"batch\",\"data\":3,\"ttl\":\"1m\",\"surprise\":1}\n"
      "{\"channel\":\"batch\",\"data\":null,\"ttl\":30}";
  const HttpAnswer answer =
      http_post(stage().port(), "/v1/messages", body, {{"Content-Type", "application/x-ndjson"}});
  REQUIRE(answer.status == 200);
  std::vector<Json> lines;
  std::istringstream text(answer.body);
  for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
  REQUIRE(lines.size() == 7);
  CHECK(lines[0].contains("id"));
  CHECK(lines[1]["error"]["code"] == "bad_line");
  CHECK(lines[2]["id"] > lines[0]["id"]);
  CHECK(lines[3]["error"]["code"] == "bad_channel");
  CHECK(lines[4]["status"] == 400);
  CHECK(lines[5]["status"] == 400);
  CHECK(lines[6].contains("id"));
  const Json kept = history("batch");
  REQUIRE(kept["messages"].size() == 3);
  CHECK(kept["messages"][1]["data"] == Json{{"b", 1}});
  CHECK(kept["messages"][2]["data"].is_null());
}

TEST_CASE("Broadcasts, direct messages and exclusion reach SSE streams as well") {
  StreamSet streams;
  Stream& sender = streams.open(stage().port(), Wire::kWsJson, "");
  Stream& raw = streams.open(stage().port(), Wire::kSse, "channel=hall");
  Stream& json = streams.open(stage().port(), Wire::kSseJson, "channel=hall&channel=yard");
  REQUIRE(streams.await_live());
  REQUIRE(streams.run_until([&] { return sender.find("welcome") != nullptr; }));
  const Json there = Json::parse(http_get(stage().port(), "/v1/channels/yard/presence").body);
  REQUIRE(there["clients"].size() == 1);
  const std::string json_id = there["clients"][0]["clientId"];

  const auto say = [&](Json command) { sender.send_text(command.dump()); };
  say({{"type", "broadcast"}, {"data", "to all"}});
  say({{"type", "broadcast"}, {"data", "to all but one"}, {"exclude", {json_id}}});
  say({{"type", "publish"}, {"channel", "hall"}, {"data", "said to the other"}, {"exclude", {json_id}}});
  say({{"type", "direct"}, {"to", json_id}, {"data", "just you"}});
  // Both ways keep their order, but not with each other: the last word is said on each.
  say({{"type", "publish"}, {"channel", "hall"}, {"data", "last"}});
  say({{"type", "broadcast"}, {"data", "end"}});
  using Heard = std::multiset<std::string>;
  const auto heard = [](const Stream& stream) {
    Heard got;
    for (const Item& item : stream.items()) {
      if (item.kind == Item::Kind::kMessage) got.insert(item.event + '=' + item.data);
    }
    return got;
  };
  const auto is_over = [&](const Stream& stream) {
    const Heard got = heard(stream);
    return got.count("broadcast=end") == 1 &&
           std::any_of(got.begin(), got.end(),
                       [](const std::string& word) { return word.ends_with("=last"); });
  };
  REQUIRE(streams.run_until([&] { return is_over(raw) && is_over(json); }));
  CHECK(heard(raw) == Heard{"broadcast=to all", "broadcast=to all but one", "=said to the other", "=last",
                            "broadcast=end"});
  CHECK(heard(json) == Heard{"broadcast=to all", "direct=just you", "=last", "broadcast=end"});
}

TEST_CASE("WebSocket commands: publish, broadcast, direct, exclude, and answers that carry ref") {
  StreamSet streams;
  Stream& alice = streams.open(stage().port(), Wire::kWsJson, "channel=room");
  Stream& bob = streams.open(stage().port(), Wire::kWsJson, "channel=room");
  Stream& carol = streams.open(stage().port(), Wire::kWsJson, "");
  REQUIRE(streams.run_until(
      [&] { return alice.find("subscribed") && bob.find("subscribed") && carol.find("welcome"); }));
  const auto id_of = [](const Stream& stream) {
    return Json::parse(stream.find("welcome")->data)["clientId"].get<std::string>();
  };
  alice.send_text(Json{{"type", "publish"},
                       {"channel", "room"},
                       {"data", {{"n", 1}}},
                       {"event", "said"},
                       {"exclude", {id_of(bob)}},
                       {"ref", 7}}
                      .dump());
  REQUIRE(streams.run_until([&] { return alice.find("ack") && alice.count(Item::Kind::kMessage) == 1; }));
  const Json ack = Json::parse(alice.find("ack")->data);
  CHECK(ack["ref"] == 7);
  const Item said =
      alice.items().back().kind == Item::Kind::kMessage ? alice.items().back() : *(alice.items().end() - 2);
  CHECK(said.id == ack["id"].get<MessageId>());
  CHECK(said.event == "said");

  carol.send_text(
      Json{{"type", "broadcast"}, {"data", "to all"}, {"exclude", {id_of(alice)}}, {"ref", "b"}}.dump());
  REQUIRE(streams.run_until([&] {
    return bob.count(Item::Kind::kMessage) == 1 && carol.count(Item::Kind::kMessage) == 1 &&
           carol.find("ack");
  }));
  CHECK(bob.items().back().data == "to all");
  CHECK(alice.count(Item::Kind::kMessage) == 1);

  carol.send_text(Json{{"type", "direct"}, {"to", id_of(alice)}, {"data", "just you"}}.dump());
  REQUIRE(streams.run_until([&] { return alice.count(Item::Kind::kMessage) == 2; }));
  CHECK(alice.items().back().data == "just you");
  CHECK(bob.count(Item::Kind::kMessage) == 1);

  carol.send_text(Json{{"type", "direct"}, {"to", "nobody.0.1"}, {"data", 1}, {"ref", "d"}}.dump());
  carol.send_text(R"({"type":"direct","to":")" + id_of(carol).substr(0, id_of(carol).rfind('.')) +
                  R"(.99999","data":1,"ref":"e"})");
  // One names an instance that nobody knows, the other a client that is not there; they may be answered in
  // any order.
  std::set<std::string> refused;
  const auto errors_of_carol = [&] {
    refused.clear();
    for (const Item& item : carol.items()) {
      if (item.event != "error") continue;
      const Json error = Json::parse(item.data);
      CHECK(error["code"] == "no_such_client");
      refused.insert(error["ref"].get<std::string>());
    }
    return refused.size();
  };
  REQUIRE(streams.run_until([&] { return errors_of_carol() == 2; }));
  CHECK(refused == std::set<std::string>{"d", "e"});

  bob.send_text(R"({"type":"unsubscribe","channel":"room","ref":1})");
  REQUIRE(streams.run_until([&] { return bob.find("ack") != nullptr; }));
  publish("room", "after bob left");
  REQUIRE(streams.run_until([&] { return alice.count(Item::Kind::kMessage) == 3; }));
  bob.send_text(R"({"type":"ping","ref":"p"})");
  REQUIRE(streams.run_until([&] { return bob.find("pong") != nullptr; }));
  CHECK(bob.count(Item::Kind::kMessage) == 1);
}

TEST_CASE("Channels of an ephemeral namespace are live only") {
  StreamSet streams;
  Stream& live = streams.open(stage().port(), Wire::kSse, "channel=still:life");
  REQUIRE(streams.await_live());
  publish("still:life", "now");
  REQUIRE(streams.run_until([&] { return live.items().size() == 1; }));
  CHECK(history("still:life")["messages"].empty());
}

TEST_CASE("Presence names who subscribes, and forgets who leaves") {
  const auto presence = [](const std::string& channel) {
    return http_get(stage().port(), "/v1/channels/" + channel + "/presence");
  };
  {
    StreamSet streams;
    streams.open(stage().port(), Wire::kSse, "channel=who");
    streams.open(stage().port(), Wire::kWsJson, "channel=who");
    REQUIRE(streams.await_live());
    REQUIRE(streams.run_until([&] { return Json::parse(presence("who").body)["count"] == 2; }));
    std::set<std::string> transports;
    const Json now = Json::parse(presence("who").body);
    for (const Json& client : now["clients"]) transports.insert(client["transport"].get<std::string>());
    CHECK(transports == std::set<std::string>{"sse", "websocket"});
  }
  StreamSet nobody;
  CHECK(nobody.run_until([&] { return Json::parse(presence("who").body)["count"] == 0; }));
  CHECK(presence("hidden:who").status == 403);
}

TEST_CASE("A traceparent goes with its message wherever that is JSON; one that is none is left out") {
  const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  StreamSet streams;
  Stream& sse = streams.open(stage().port(), Wire::kSse, "channel=traced&format=json");
  REQUIRE(streams.await_live());
  publish("traced", "x", "", {{"traceparent", trace}});
  publish("traced", "y", "", {{"traceparent", "00-" + std::string(32, '0') + "-b7ad6b7169203331-01"}});
  publish("traced", "z", "", {{"traceparent", std::string(40000, 'f')}});
  const Json kept = history("traced")["messages"];
  REQUIRE(kept.size() == 3);
  CHECK(kept[0]["traceparent"] == trace);
  CHECK_FALSE(kept[1].contains("traceparent"));
  CHECK_FALSE(kept[2].contains("traceparent"));
  REQUIRE(streams.run_until([&] { return sse.count(Item::Kind::kMessage) == 3; }));
  CHECK(Json::parse(sse.items()[0].data)["traceparent"] == trace);
  CHECK_FALSE(Json::parse(sse.items()[1].data).contains("traceparent"));
}

TEST_CASE("Channel names may hold anything printable") {
  const std::string name = "r%C3%A9sum%C3%A9:%2Fa%2Fb%3Fc";
  const MessageId id = publish(name, "deep");
  CHECK(history(name)["messages"][0]["id"] == id);
  CHECK(history(name)["channel"] == "r\xc3\xa9sum\xc3\xa9:/a/b?c");
}

TEST_CASE("Nothing was logged at error") {
  CHECK(stage().relayd.errors_logged().empty());
}
