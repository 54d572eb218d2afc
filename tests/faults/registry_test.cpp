// Several relayds on one Redis, as a client sees them: who is present, who is reached, and what is left of
// the dead.
#include <algorithm>
#include <csignal>
#include <set>
#include <thread>

#include <nlohmann/json.hpp>

#include "support/await.hpp"
#include "support/catch.hpp"
#include "support/redis_cluster.hpp"
#include "support/redis_server.hpp"
#include "support/relayd_process.hpp"
#include "support/storage_under_test.hpp"
#include "support/streams.hpp"

using namespace relay::test;
using namespace std::chrono_literals;
using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto kHeartbeat = 500ms;
constexpr auto kDeadAfter = 2000ms;
constexpr auto kPatience = 20s;

std::unique_ptr<RelaydProcess> start(Settings settings, const std::string& id, Settings more = {}) {
  settings["instance.heartbeat_interval"] = std::to_string(kHeartbeat.count()) + "ms";
  settings["instance.dead_after"] = std::to_string(kDeadAfter.count()) + "ms";
  settings["loops"] = "2";
  if (!id.empty()) settings["instance.id"] = id;
  more.merge(settings);
  auto relayd = std::make_unique<RelaydProcess>(more);
  relayd->await_ready();
  return relayd;
}

std::unique_ptr<RelaydProcess> start(const RedisServer& server, const std::string& id, Settings more = {}) {
  return start(redis_settings(server), id, std::move(more));
}

Json presence(const RelaydProcess& relayd, const std::string& channel) {
  const HttpAnswer answer = http_get(relayd.port(), "/v1/channels/" + channel + "/presence");
  REQUIRE(answer.status == 200);
  return Json::parse(answer.body);
}

std::multiset<std::string> who(const Json& answer) {
  std::multiset<std::string> lines;
  for (const Json& client : answer.at("clients")) {
    lines.insert(client.at("instance").get<std::string>() + ' ' + client.at("transport").get<std::string>());
  }
  return lines;
}

using Who = std::multiset<std::string>;

std::string client_id(const Stream& stream) {
  const Item* welcome = stream.find("welcome");
  REQUIRE(welcome != nullptr);
  return Json::parse(welcome->data).at("clientId").get<std::string>();
}

const Item* message(const Stream& stream, std::string_view channel, std::string_view event = "") {
  for (const Item& item : stream.items()) {
    if (item.kind == Item::Kind::kMessage && item.channel == channel && item.event == event) return &item;
  }
  return nullptr;
}

std::set<std::string> keys(RedisServer& server, std::string_view part) {
  std::set<std::string> found;
  for (std::string& key : server.list({"KEYS", "*"})) {
    if (key.find(part) != std::string::npos) found.insert(std::move(key));
  }
  return found;
}

struct Fleet {
  RedisServer server;
  std::vector<std::unique_ptr<RelaydProcess>> relayds;
  StreamSet streams;
  explicit Fleet(std::initializer_list<std::string> ids = {"one", "two", "three"}) {
    for (const std::string& id : ids) relayds.push_back(start(server, id));
  }
  RelaydProcess& at(std::size_t index) { return *relayds[index]; }
};

}  // namespace

TEST_CASE("Any instance says who is present on all of them") {
  Fleet f;
  f.streams.open(f.at(0).port(), Wire::kSse, "channel=room&channel=other");
  f.streams.open(f.at(1).port(), Wire::kWsJson, "channel=room");
  f.streams.open(f.at(2).port(), Wire::kSse, "channel=room");
  REQUIRE(f.streams.await_live());
  const Who all{"one sse", "two websocket", "three sse"};
  for (const auto& relayd : f.relayds) {
    CHECK(await([&] { return who(presence(*relayd, "room")) == all; }));
    const Json answer = presence(*relayd, "room");
    CHECK(answer.at("count") == 3);
    CHECK(answer.at("complete") == true);
  }
  CHECK(who(presence(f.at(1), "other")) == Who{"one sse"});
  CHECK(presence(f.at(1), "nobody").at("count") == 0);
  REQUIRE(f.streams.run_until([&] { return f.streams.all()[1]->find("welcome") != nullptr; }));
  const std::string own = presence(f.at(1), "room").at("clients").at(0).at("clientId");
  CHECK(own == client_id(*f.streams.all()[1]));

  SECTION("also when they leave") {
    f.streams.clear();
    CHECK(await([&] { return presence(f.at(0), "room").at("count") == 0; }));
    CHECK(await([&] { return keys(f.server, "subs:").empty(); }));
  }
  SECTION("also when an instance stops, which leaves nothing behind") {
    f.at(2).process().signal(SIGQUIT);
    REQUIRE(f.at(2).process().wait(kPatience) == 0);
    CHECK(who(presence(f.at(0), "room")) == Who{"one sse", "two websocket"});
    CHECK(keys(f.server, "three").empty());
    CHECK(f.server.command({"ZSCORE", "relay:instances", "three"}) == "(nil)");
  }
}

TEST_CASE("What a killed instance left is gone within dead_after and a sweep") {
  Fleet f;
  for (int i = 0; i < 20; ++i)
    f.streams.open(f.at(2).port(), Wire::kSse, "channel=room&channel=c" + std::to_string(i));
  f.streams.open(f.at(0).port(), Wire::kSse, "channel=room");
  Stream& listener = f.streams.open(f.at(1).port(), Wire::kWsJson, "channel=$presence:room");
  REQUIRE(f.streams.await_live());
  REQUIRE(await([&] { return presence(f.at(0), "room").at("count") == 21; }));
  REQUIRE(await([&] { return f.server.command({"SCARD", "relay:subs:room"}) == "21"; }));

  f.at(2).process().signal(SIGKILL);
  const auto killed = Clock::now();
  CHECK(await([&] { return f.server.command({"ZSCORE", "relay:instances", "three"}) == "(nil)"; }));
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - killed);
  INFO("took " << took.count() << " ms");
  CHECK(took < kDeadAfter + kHeartbeat + 3s);  // a machine with more work than cores
  CHECK(keys(f.server, "three").empty());
  CHECK(f.server.command({"SMEMBERS", "relay:subs:room"}).starts_with("one:"));
  CHECK(keys(f.server, "subs:c").empty());
  CHECK(who(presence(f.at(1), "room")) == Who{"one sse"});

  const auto purged = [&](const char* series) {
    return f.at(0).metric(series).value_or(0) + f.at(1).metric(series).value_or(0);
  };
  CHECK(await([&] { return purged("relayd_instances_purged_total") == 1; }));
  CHECK(purged("relayd_purged_presence_entries_total") == 40);
  const bool said = (f.at(0).process().output() + f.at(1).process().output()).find("event=instance.purged") !=
                    std::string::npos;
  CHECK(said);
  CHECK(f.streams.run_until([&] {
    return std::count_if(listener.items().begin(), listener.items().end(),
                         [](const Item& item) { return item.event == "leave"; }) == 20;
  }));
}

// Frozen for long enough to be purged, then alive again: every time its clients are present again.
TEST_CASE("An instance that was frozen and purged comes back whole") {
  Fleet f({"one", "two"});
  for (int i = 0; i < 10; ++i) f.streams.open(f.at(1).port(), Wire::kSse, "channel=room");
  REQUIRE(f.streams.await_live());
  REQUIRE(await([&] { return presence(f.at(0), "room").at("count") == 10; }));
  for (int round = 0; round < 2; ++round) {
    f.at(1).process().signal(SIGSTOP);
    CHECK(await([&] { return keys(f.server, "held:two").empty(); }));
    CHECK(presence(f.at(0), "room").at("count") == 0);
    f.at(1).process().signal(SIGCONT);
    CHECK(await([&] { return presence(f.at(0), "room").at("count") == 10; }));
    CHECK(await([&] { return f.server.command({"SCARD", "relay:subs:room"}) == "10"; }));
  }
}

TEST_CASE("Joins and leaves are heard on another instance by who listens for them") {
  Fleet f({"one", "two"});
  Stream& socket = f.streams.open(f.at(0).port(), Wire::kWsJson, "");
  Stream& sse = f.streams.open(f.at(0).port(), Wire::kSseJson, "channel=$presence:room");
  REQUIRE(f.streams.await_live());
  socket.send_text(R"({"type":"subscribe","channel":"$presence:room"})");
  REQUIRE(f.streams.run_until([&] { return socket.find("subscribed") != nullptr; }));
  {
    StreamSet joiner;
    Stream& stream = joiner.open(f.at(1).port(), Wire::kWsJson, "channel=room");
    REQUIRE(joiner.run_until([&] { return stream.find("welcome") != nullptr; }));
    REQUIRE(f.streams.run_until(
        [&] { return message(socket, "$presence:room", "join") && message(sse, "$presence:room", "join"); }));
    const Json joined = Json::parse(message(socket, "$presence:room", "join")->data);
    CHECK(joined.at("clientId") == client_id(stream));
    CHECK(joined.at("instance") == "two");
    CHECK(joined.at("transport") == "websocket");
  }
  CHECK(f.streams.run_until(
      [&] { return message(socket, "$presence:room", "leave") && message(sse, "$presence:room", "leave"); }));
  // To listen is all that can be done with such a name.
  CHECK(http_post(f.at(0).port(), "/v1/channels/%24presence%3Aroom/messages", "x").status == 400);
  CHECK(http_get(f.at(0).port(), "/v1/events?channel=%24presence%3A%24all").status == 400);
  CHECK(http_get(f.at(0).port(), "/v1/events?channel=%24all").status == 400);
}

TEST_CASE("Direct messages and broadcasts reach clients of other instances") {
  Fleet f;
  Stream& sender = f.streams.open(f.at(0).port(), Wire::kWsJson, "");
  Stream& receiver = f.streams.open(f.at(1).port(), Wire::kWsJson, "");
  Stream& excluded = f.streams.open(f.at(2).port(), Wire::kWsJson, "");
  REQUIRE(f.streams.await_live());
  REQUIRE(f.streams.run_until(
      [&] { return sender.find("welcome") && receiver.find("welcome") && excluded.find("welcome"); }));
  const std::string to = client_id(receiver);

  for (int i = 0; i < 50; ++i) {
    sender.send_text(R"({"type":"direct","to":")" + to + R"(","data":"d)" + std::to_string(i) + "\"}");
  }
  const auto directs = [&] {
    std::vector<std::string> got;
    for (const Item& item : receiver.items()) {
      if (item.channel == "$direct") got.push_back(item.data);
    }
    return got;
  };
  CHECK(f.streams.run_until([&] { return directs().size() == 50; }));
  for (std::size_t i = 0; i < directs().size(); ++i) CHECK(directs()[i] == "d" + std::to_string(i));
  CHECK(f.streams.run_until([&] { return sender.find("ack") != nullptr; }));

  // A client that is not there, on an instance that is: sent. An instance that is not: nobody.
  sender.send_text(R"({"type":"direct","to":"two.0.999999","data":"x","ref":6})");
  CHECK(f.streams.run_until([&] {
    const Item* ack = sender.find("ack");
    return ack != nullptr && Json::parse(ack->data).value("ref", 0) == 6;
  }));
  CHECK(sender.find("error") == nullptr);
  sender.send_text(R"({"type":"direct","to":"four.0.1","data":"x","ref":7})");
  REQUIRE(f.streams.run_until([&] { return sender.find("error") != nullptr; }));
  const Json error = Json::parse(sender.find("error")->data);
  CHECK(error.at("code") == "no_such_client");
  CHECK(error.at("ref") == 7);

  sender.send_text(R"({"type":"broadcast","data":"to all","exclude":[")" + client_id(excluded) + "\"]}");
  sender.send_text(R"({"type":"broadcast","data":"to all but nobody"})");
  REQUIRE(f.streams.run_until([&] {
    return std::all_of(f.streams.all().begin(), f.streams.all().end(), [](const auto& stream) {
      return std::any_of(stream->items().begin(), stream->items().end(),
                         [](const Item& item) { return item.data == "to all but nobody"; });
    });
  }));
  const auto heard = [](const Stream& stream) {
    return std::count_if(stream.items().begin(), stream.items().end(),
                         [](const Item& item) { return item.channel == "$all"; });
  };
  CHECK(heard(sender) == 2);
  CHECK(heard(receiver) == 2);
  CHECK(heard(excluded) == 1);
}

TEST_CASE("Publish to any instance, listen on any other, resume on a third") {
  Fleet f;
  const auto publish = [&](std::size_t at, const std::string& payload) {
    REQUIRE(http_post(f.at(at).port(), "/v1/channels/news/messages", payload).status == 201);
  };
  relay::MessageId cursor = 0;
  {
    StreamSet first;
    Stream& stream = first.open(f.at(1).port(), Wire::kSse, "channel=news");
    REQUIRE(first.await_live());
    publish(0, "1");
    publish(2, "2");
    REQUIRE(first.run_until([&] { return stream.items().size() == 2; }));
    CHECK(stream.items()[0].data == "1");
    CHECK(stream.items()[1].data == "2");
    cursor = stream.last_id();
  }
  publish(0, "3");
  f.at(1).process().signal(SIGKILL);
  publish(0, "4");
  Stream& resumed =
      f.streams.open(f.at(2).port(), Wire::kSse, "channel=news&last_event_id=" + std::to_string(cursor));
  REQUIRE(f.streams.await_live());
  publish(0, "5");
  REQUIRE(f.streams.run_until([&] { return resumed.items().size() >= 3; }));
  std::vector<std::string> got;
  for (const Item& item : resumed.items()) got.push_back(item.data);
  CHECK(got == std::vector<std::string>{"3", "4", "5"});
}

TEST_CASE("Without its store an instance says who is present on itself, and that this is not all") {
  Fleet f({"one", "two"});
  f.streams.open(f.at(0).port(), Wire::kSse, "channel=room");
  f.streams.open(f.at(1).port(), Wire::kSse, "channel=room");
  REQUIRE(f.streams.await_live());
  REQUIRE(await([&] { return presence(f.at(0), "room").at("count") == 2; }));
  f.server.kill();
  const Json alone = presence(f.at(0), "room");
  CHECK(alone.at("complete") == false);
  CHECK(who(alone) == Who{"one sse"});
  f.streams.open(f.at(1).port(), Wire::kSse, "channel=room");  // joins while the store is away
  f.server.start();
  CHECK(await([&] { return presence(f.at(0), "room").at("count") == 3; }));
  SECTION("and enters its clients anew when the store was emptied") {
    REQUIRE(f.streams.await_live());
    f.server.command({"FLUSHALL"});
    CHECK(await([&] { return f.server.command({"SCARD", "relay:subs:room"}) == "3"; }));
    CHECK(await([&] { return presence(f.at(1), "room").at("count") == 3; }));
  }
}

TEST_CASE("An instance keeps its made-up name in the state directory") {
  RedisServer server;
  ScratchFolder state;
  const auto name_of = [](RelaydProcess& relayd) {
    StreamSet streams;
    Stream& socket = streams.open(relayd.port(), Wire::kWsJson, "");
    REQUIRE(streams.run_until([&] { return socket.find("welcome") != nullptr; }));
    return Json::parse(socket.find("welcome")->data).at("instance").get<std::string>();
  };
  const Settings settings{{"state_directory", state.path()}};
  std::string kept;
  {
    const auto first = start(server, "", settings);
    kept = name_of(*first);
    CHECK(kept.size() == 12);
    const auto second = start(server, "", settings);  // the same directory: not the same name
    CHECK(name_of(*second) != kept);
    CHECK(second->process().output().find("event=instance.id_made_up") != std::string::npos);
  }  // as kill -9
  const auto again = start(server, "", settings);
  CHECK(name_of(*again) == kept);
  ScratchFolder spoilt;
  spoilt.write("instance-id", "not a name: it has a colon and spaces");
  ChildProcess refused(relayd_command({{"state_directory", spoilt.path()}}));
  CHECK(refused.wait(kPatience) == 78);
}

TEST_CASE("On Redis Cluster presence, joins and the purge are of all partitions") {
  RedisCluster cluster({.masters = 3, .replicas = 0});
  const Settings settings{{"storage", "redis"}, {"redis.mode", "cluster"}, {"redis.url", cluster.url()}};
  const auto keys_of = [&](std::string_view part) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < cluster.masters(); ++i) count += keys(cluster.node(i), part).size();
    return count;
  };
  const auto one = start(settings, "one");
  auto two = start(settings, "two");
  StreamSet streams;
  Stream& listener =
      streams.open(one->port(), Wire::kSseJson, "channel=$presence:room0&channel=$presence:room7");
  REQUIRE(streams.await_live());
  std::string query;
  for (int i = 0; i < 30; ++i) query += (i > 0 ? "&channel=room" : "channel=room") + std::to_string(i);
  streams.open(one->port(), Wire::kSse, query);
  streams.open(two->port(), Wire::kSse, query);
  REQUIRE(streams.await_live());
  const auto everywhere = [&](const Who& expected) {
    for (int i = 0; i < 30; ++i) {
      if (who(presence(*one, "room" + std::to_string(i))) != expected) return false;
    }
    return true;
  };
  CHECK(await([&] { return everywhere({"one sse", "two sse"}); }));
  for (const char* room : {"$presence:room0", "$presence:room7"}) {
    CHECK(streams.run_until([&] { return message(listener, room, "join") != nullptr; }));
  }
  two->process().signal(SIGKILL);
  CHECK(await([&] { return keys_of(":held:two") == 0; }));
  CHECK(await([&] { return one->metric("relayd_instances_purged_total") == 1; }));
  CHECK(one->metric("relayd_purged_presence_entries_total") == 30);
  CHECK(everywhere({"one sse"}));
  for (const char* room : {"$presence:room0", "$presence:room7"}) {
    CHECK(streams.run_until([&] { return message(listener, room, "leave") != nullptr; }));
  }
  one->process().signal(SIGQUIT);
  REQUIRE(one->process().wait(kPatience) == 0);
  CHECK(keys_of(":held:") + keys_of(":subs:") + keys_of(":instance") == 0);
}

TEST_CASE("Two processes of one id are told of it") {
  Fleet f({"same", "same"});
  CHECK(f.at(0).process().await_line("event=instance.id_conflict", kPatience).has_value());
  CHECK(f.at(1).process().await_line("event=instance.id_conflict", kPatience).has_value());
}
