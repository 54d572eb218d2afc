// Every live verb on its real output, as table and as JSON, against a real relayd.
#include "ctl/live_fixture.hpp"

#include <signal.h>

#include <fstream>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::test;
using nlohmann::json;

bool has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

TEST_CASE("status is one screen, and exact as JSON") {
  LiveFixture fixture;
  fixture.listen(Wire::kSse, "news");
  const CtlResult table = fixture.ctl.expect(0, {"status"});
  CHECK(has(table.out, "relayd " RELAY_VERSION " on edge-1   ready, up "));
  CHECK(has(table.out, "clients   1  (sse 1  ws 0  longpoll 0)"));
  CHECK(has(table.out, "storage   memory   memory up for "));
  CHECK(has(table.out, "instances 1 alive, 0 dead"));
  CHECK(table.out.find('\x1b') == std::string::npos);
  const json status = fixture.ctl.json({"status"});
  CHECK(status["instance"] == "edge-1");
  CHECK(status["ready"] == true);
  CHECK(status["clients"] == 1);
  CHECK(status["pid"] == fixture.relayd.process().pid());
  CHECK(status["loops"].size() == 2);
  CHECK(has(fixture.ctl.expect(0, {"status", "--color", "always"}).out, "\x1b[32m"));
}

TEST_CASE("publish prints the id, and tail shows what is kept") {
  LiveFixture fixture;
  const std::string id = fixture.ctl.expect(0, {"publish", "news", "Hello"}).out;
  REQUIRE(relay::parse_id(id.substr(0, id.size() - 1)));
  const json second = fixture.ctl.json({"publish", "news", "{\"price\":7}", "--json", "--event", "tick"});
  CHECK(second["channel"] == "news");
  CHECK(second["id"].get<std::uint64_t>() > std::stoull(id));
  CHECK(fixture.ctl.expect(0, {"publish", "news", "-", "-o", "name"}, "from a pipe").exit == 0);
  const CtlResult all = fixture.ctl.expect(0, {"tail", "news", "--until-end", "-o", "jsonl"});
  std::istringstream lines(all.out);
  std::vector<json> rows;
  for (std::string line; std::getline(lines, line);) rows.push_back(json::parse(line));
  REQUIRE(rows.size() == 3);
  CHECK(rows[0]["data"] == "Hello");
  CHECK(rows[0]["id"].get<std::uint64_t>() == std::stoull(id));
  CHECK(rows[0]["time"] == relay::rfc3339(relay::id_time_ms(std::stoull(id))));
  CHECK(rows[1]["data"] == json{{"price", 7}});
  CHECK(rows[1]["event"] == "tick");
  CHECK(rows[2]["data"] == "from a pipe");
  const CtlResult table = fixture.ctl.expect(0, {"tail", "news", "-n", "1", "--until-end"});
  CHECK(has(table.out, "TIME"));
  CHECK(has(table.out, "from a pipe"));
  CHECK_FALSE(has(table.out, "Hello"));
  CHECK(
      fixture.ctl
          .expect(0, {"tail", "news", "--since", id.substr(0, id.size() - 1), "--until-end", "-f", "{data}"})
          .out == "{\"price\":7}\nfrom a pipe\n");
  CHECK(
      fixture.ctl
          .expect(0, {"tail", "news", "--since", "1h", "-n", "all", "--until-end", "-c", "1", "-f", "{data}"})
          .out == "Hello\n");
}

TEST_CASE("publish repeats, knows its key, and stops at nothing to say") {
  LiveFixture fixture;
  const CtlResult many = fixture.ctl.expect(0, {"publish", "load", "x", "--repeat", "5", "-o", "csv"});
  CHECK(std::count(many.out.begin(), many.out.end(), '\n') == 6);
  CHECK(fixture.ctl.json({"publish", "once", "x", "--id", "k"})["repeated"] == false);
  CHECK(fixture.ctl.json({"publish", "once", "x", "--id", "k"})["repeated"] == true);
  CHECK(fixture.ctl.run({"publish", "news", ""}).exit == 65);
  CHECK(fixture.ctl.run({"publish", "bad name", "x"}).exit == 64);
  CHECK(fixture.ctl.run({"publish", "news", "--file", "/no/such/file"}).exit == 66);
  CHECK(fixture.ctl.expect(0, {"publish", "none", "x", "--dry-run"}).out.empty());
  CHECK(fixture.ctl.expect(0, {"tail", "none", "--until-end", "-o", "jsonl"}).out.empty());
}

TEST_CASE("tail follows, the kept ones first and nothing twice") {
  LiveFixture fixture;
  for (const std::string data : {"1", "2", "3"}) fixture.ctl.expect(0, {"publish", "news", data});
  ChildProcess tail(fixture.ctl.command({"tail", "news", "other", "-n", "2", "-c", "4", "-f", "got {data}"}),
                    fixture.ctl.environment());
  REQUIRE(tail.await_line("got 3", std::chrono::seconds(15)));
  fixture.ctl.expect(0, {"wait", "channel=news", "--for", "15s"});
  fixture.ctl.expect(0, {"publish", "other", "4"});
  REQUIRE(tail.await_line("got 4", std::chrono::seconds(15)));
  fixture.ctl.expect(0, {"publish", "news", "5"});
  CHECK(tail.wait(std::chrono::seconds(15)) == 0);
  CHECK(tail.output() == "got 2\ngot 3\ngot 4\ngot 5\n");
}

TEST_CASE("an interrupted tail ends with 130") {
  LiveFixture fixture;
  ChildProcess tail(fixture.ctl.command({"tail", "news"}), fixture.ctl.environment());
  fixture.ctl.expect(0, {"wait", "channel=news", "--for", "15s"});
  tail.signal(SIGINT);
  CHECK(tail.wait(std::chrono::seconds(15)) == 130);
}

TEST_CASE("channels are listed, told apart and counted") {
  LiveFixture fixture;
  fixture.listen(Wire::kSse, "news");
  fixture.listen(Wire::kWsJson, "news");
  fixture.listen(Wire::kSse, "chat:1");
  fixture.ctl.expect(0, {"publish", "news", "Hello"});
  fixture.streams.run_until([&] { return fixture.streams.all()[0]->count(Item::Kind::kMessage) == 1; });
  const json list = fixture.ctl.json({"channels", "list"});
  REQUIRE(list.size() == 2);
  CHECK(list[0]["channel"] == "chat:1");
  CHECK(list[1]["channel"] == "news");
  CHECK(list[1]["subscribers"] == 2);
  CHECK(list[1]["messages"] == 1);
  CHECK(has(fixture.ctl.expect(0, {"channels", "list"}).out, "CHANNEL  SUBSCRIBERS  MESSAGES"));
  CHECK(fixture.ctl.expect(0, {"channels", "list", "--pattern", "chat:*", "-o", "name"}).out == "chat:1\n");
  CHECK(fixture.ctl.expect(0, {"channels", "list", "--sort-by", "-subscribers", "--limit", "1", "-o", "name"})
            .out == "news\n");
  CHECK(fixture.ctl.expect(0, {"channels", "list", "--filter", "subscribers=1", "-o", "name"}).out ==
        "chat:1\n");
  CHECK(fixture.ctl.run({"channels", "list", "--sort-by", "subscriber"}).exit == 64);
  const json one = fixture.ctl.json({"channels", "get", "news"});
  CHECK(one["subscribers"] == 2);
  CHECK(one["backlog_messages"] == 1);
  CHECK(one["backlog_bytes"] == 5);
  CHECK(one["max_count"] == 1000);
  CHECK(has(fixture.ctl.expect(0, {"channels", "get", "news"}).out, "BACKLOG"));
  const json stats = fixture.ctl.json({"channels", "stats", "--interval", "100ms", "--top", "1"});
  REQUIRE(stats.size() == 1);
  CHECK(stats[0].contains("per_second"));
  CHECK(has(fixture.ctl.expect(0, {"channels", "stats", "--interval", "100ms"}).out, "RATE"));
}

TEST_CASE("a long list comes in pages") {
  LiveFixture fixture;
  std::string query = "channel=c0";
  for (int i = 1; i < 900; ++i) query += "&channel=c" + std::to_string(i);
  Stream& first = fixture.streams.open(fixture.relayd.port(), Wire::kSse, query);
  query = "channel=d0";
  for (int i = 1; i < 900; ++i) query += "&channel=d" + std::to_string(i);
  Stream& second = fixture.streams.open(fixture.relayd.port(), Wire::kSse, query);
  REQUIRE(fixture.streams.run_until([&] { return first.live() && second.live(); }));
  CHECK(fixture.ctl.json({"channels", "list"}).size() == 1800);
  CHECK(fixture.ctl.json({"clients", "list"})[0]["channels"] == 900);
}

TEST_CASE("clients are listed, looked at and kicked") {
  LiveFixture fixture;
  Stream& sse = fixture.listen(Wire::kSse, "news");
  Stream& socket = fixture.listen(Wire::kWsJson, "chat");
  const json list = fixture.ctl.json({"clients", "list", "--sort-by", "transport"});
  REQUIRE(list.size() == 2);
  CHECK(list[0]["transport"] == "sse");
  CHECK(list[0]["address"] == "127.0.0.1");
  CHECK(list[0]["channels"] == 1);
  CHECK(list[1]["transport"] == "websocket");
  CHECK(has(fixture.ctl.expect(0, {"clients", "list"}).out, "websocket  127.0.0.1"));
  CHECK(fixture.ctl.json({"clients", "list", "--ip", "10.0.0.0/8"}).empty());
  CHECK(fixture.ctl.json({"clients", "list", "--slow"}).empty());
  CHECK(fixture.ctl.json({"clients", "list", "--channel", "chat"}).size() == 1);
  const std::string id = list[1]["client"];
  const json one = fixture.ctl.json({"clients", "get", id});
  CHECK(one["channel_names"] == json::array({"chat"}));
  CHECK(has(fixture.ctl.expect(0, {"clients", "get", id}).out, "NAMES"));
  CHECK(fixture.ctl.run({"clients", "get", "edge-1.0.999"}).exit == 1);
  CHECK(fixture.ctl.run({"clients", "kick", id}).exit == 64);
  CHECK(fixture.ctl.expect(0, {"clients", "kick", id, "--dry-run"}).out.empty());
  CHECK(fixture.ctl.run({"clients", "kick", "-y"}).exit == 64);
  const CtlResult kicked = fixture.ctl.expect(
      0, {"clients", "kick", id, "-y", "--reason", std::string(122, 'x') + "é, and more than fits"});
  CHECK(has(kicked.err, "1 client will be disconnected"));
  REQUIRE(fixture.streams.run_until([&] { return socket.ended(); }));
  CHECK(socket.close_code() == 1008);
  CHECK(sse.live());
  // What is gone is not among those that will be disconnected.
  const CtlResult gone = fixture.ctl.expect(1, {"clients", "kick", id, "--dry-run"});
  CHECK_FALSE(has(gone.err, "will be disconnected"));
  CHECK(has(gone.err, id + ": no such client"));
  const CtlResult half = fixture.ctl.expect(0, {"clients", "kick", id, list[0]["client"], "--dry-run"});
  CHECK(has(half.err, "1 client will be disconnected"));
  const json last = fixture.ctl.json({"clients", "kick", list[0]["client"], "-y"});
  REQUIRE(last.size() == 1);
  CHECK(last[0] == json{{"client", list[0]["client"]}, {"kicked", 1}});
  REQUIRE(fixture.streams.run_until([&] { return sse.ended(); }));
}

TEST_CASE("everybody on a channel can be kicked") {
  LiveFixture fixture;
  Stream& sse = fixture.listen(Wire::kSse, "news");
  Stream& socket = fixture.listen(Wire::kWsJson, "news");
  Stream& other = fixture.listen(Wire::kSse, "chat");
  const CtlResult refused = fixture.ctl.run({"channels", "kick", "news"});
  CHECK(refused.exit == 64);
  CHECK(has(refused.err, "2 clients of news on this instance will be disconnected"));
  CHECK(has(refused.err, "run it again with -y"));
  CHECK(fixture.ctl.expect(0, {"channels", "kick", "news", "--dry-run"}).out.empty());
  CHECK(sse.live());
  CHECK(fixture.ctl.json({"channels", "kick", "news", "-y"})["kicked"] == 2);
  REQUIRE(fixture.streams.run_until([&] { return sse.ended() && socket.ended(); }));
  CHECK(sse.ended_cleanly());
  CHECK(other.live());
  CHECK(fixture.ctl.run({"channels", "kick", "nobody", "-y"}).exit == 1);
}

TEST_CASE("an instance goes out of rotation and comes back") {
  LiveFixture fixture;
  Stream& stream = fixture.listen(Wire::kSse, "news");
  const json list = fixture.ctl.json({"instances", "list"});
  REQUIRE(list.size() == 1);
  CHECK(list[0]["instance"] == "edge-1");
  CHECK(list[0]["state"] == "alive");
  CHECK(has(fixture.ctl.expect(0, {"instances", "list"}).out, "INSTANCE"));
  CHECK(fixture.ctl.json({"instances", "list", "--dead"}).empty());
  CHECK(fixture.ctl.json({"instances", "get", "edge-1"})["clients"] == 1);
  CHECK(fixture.ctl.run({"instances", "get", "edge-9"}).exit == 1);
  CHECK(fixture.ctl.run({"instances", "drain", "edge-1"}).exit == 64);
  CHECK(list[0]["host"] == fixture.ctl.json({"status"})["host"]);
  CHECK(fixture.ctl.run({"instances", "drain", "edge-9", "-y"}).exit == 1);
  const CtlResult nobody = fixture.ctl.expect(1, {"instances", "drain", "edge-9", "--dry-run"});
  CHECK_FALSE(has(nobody.err, "goes out of rotation"));
  CHECK(fixture.ctl.json({"instances", "drain", "edge-1", "--spread", "0", "-y"})["draining"] == true);
  REQUIRE(fixture.streams.run_until([&] { return stream.ended(); }));
  fixture.ctl.expect(0, {"wait", "drained", "--for", "15s"});
  CHECK(fixture.ctl.expect(1, {"status", "-o", "json"}).json()["state"] == "draining");
  CHECK(fixture.ctl.expect(1, {"check", "ready"}).out.starts_with("critical: draining"));
  CHECK(fixture.ctl.json({"instances", "undrain", "edge-1"})["draining"] == false);
  CHECK(fixture.ctl.json({"status"})["ready"] == true);
  fixture.listen(Wire::kSse, "news");
}

TEST_CASE("ping measures three ways") {
  LiveFixture fixture;
  for (const std::string path : {"admin", "storage", "e2e"}) {
    const CtlResult result =
        fixture.ctl.expect(0, {"ping", "--path", path, "-c", "3", "--interval", "0", "-o", "jsonl"});
    CHECK(std::count(result.out.begin(), result.out.end(), '\n') == 3);
    CHECK(json::parse(result.out.substr(0, result.out.find('\n')))["path"] == path);
    CHECK(has(result.err, "3 sent, 3 answered, min/avg/p99/max "));
  }
  CHECK(has(fixture.ctl.expect(0, {"ping", "-c", "1"}).out, "MICROSECONDS"));
}

TEST_CASE("settings are shown, explained, changed and read again") {
  LiveFixture fixture;
  const CtlResult table = fixture.ctl.expect(0, {"config", "show", "--changed", "--origin"});
  CHECK(has(table.out, "KEY"));
  CHECK(has(table.out, "flag --set instance.id"));
  const json all = fixture.ctl.json({"config", "show", "--filter", "key=sse.heartbeat"});
  REQUIRE(all.size() == 1);
  CHECK(all[0] ==
        json{{"key", "sse.heartbeat"}, {"value", "25s"}, {"origin", "default"}, {"reload", "at_once"}});
  CHECK(fixture.ctl.expect(0, {"config", "get", "sse.heartbeat"}).out == "25s\n");
  CHECK(fixture.ctl.json({"config", "get", "loops"})["value"] == 2);
  CHECK(fixture.ctl.run({"config", "get", "sse.heartbeats"}).exit == 1);
  CHECK(fixture.ctl.json({"config", "set", "sse.heartbeat", "7s"})["applied"] ==
        json::array({"sse.heartbeat"}));
  CHECK(fixture.ctl.json({"config", "get", "sse.heartbeat"})["origin"] == "relayctl config set");
  CHECK(fixture.ctl.json({"config", "reload"})["applied"].empty());
  CHECK(fixture.ctl.expect(0, {"config", "get", "sse.heartbeat"}).out == "7s\n");
  CHECK(fixture.ctl.run({"config", "set", "sse.heartbeat", "soon"}).exit == 64);
  CHECK(fixture.ctl.run({"config", "set", "loops", "3"}).exit == 1);
  CHECK(has(fixture.ctl.run({"config", "set", "sse.hartbeat", "7s"}).err, "did you mean \"sse.heartbeat\"?"));
  CHECK(fixture.ctl.expect(0, {"config", "set", "sse.heartbeat", "9s", "--dry-run"}).out.empty());
  CHECK(fixture.ctl.expect(0, {"config", "get", "sse.heartbeat"}).out == "7s\n");
  const json explained = fixture.ctl.json({"config", "explain", "redis.password"});
  CHECK(explained["secret"] == true);
  CHECK(explained["variable"] == "RELAYD_REDIS__PASSWORD");
  CHECK(has(fixture.ctl.expect(0, {"config", "explain", "sse.heartbeat"}).out, "DEFAULT   \"25s\""));
}

TEST_CASE("a reload says what changed, and a bad file changes nothing") {
  const ScratchFolder folder;
  const std::string path = folder.write("relayd.toml", "[sse]\nheartbeat = \"20s\"\n");
  const std::string socket = folder.path() + "/admin.sock";
  RelaydProcess relayd({{"admin.socket", socket}}, {"--config", path});
  const Ctl ctl({"-s", "unix:" + socket});
  CHECK(ctl.json({"config", "get", "sse.heartbeat"})["origin"] == path + ":2");
  folder.write("relayd.toml", "loops = 7\n[sse]\nheartbeat = \"21s\"\n");
  const json changes = ctl.json({"config", "reload"});
  CHECK(changes["applied"] == json::array({"sse.heartbeat"}));
  CHECK(changes["needs_restart"] == json::array({"loops"}));
  folder.write("relayd.toml", "[sse]\nheartbeet = \"22s\"\n");
  const CtlResult bad = ctl.expect(78, {"config", "reload"});
  CHECK(has(bad.err, "did you mean \"heartbeat\"?"));
  CHECK(ctl.expect(0, {"config", "get", "sse.heartbeat"}).out == "21s\n");
  CHECK(ctl.json({"status"})["reload_failed"] == true);
  CHECK(ctl.expect(78, {"config", "check", path}).err.starts_with("relayctl: the settings are not right\n"));
  folder.write("relayd.toml", "");
  CHECK(ctl.json({"config", "check", path})["valid"] == true);
  CHECK(has(ctl.expect(0, {"config", "check", path}).out, "VALID"));
}

TEST_CASE("the log level changes for a while") {
  LiveFixture fixture;
  CHECK(fixture.ctl.json({"log", "level"}) ==
        json{{"level", "info"}, {"configured", "info"}, {"falls_back_ms", nullptr}});
  const json debug = fixture.ctl.json({"log", "level", "debug", "--for", "500ms"});
  CHECK(debug["level"] == "debug");
  CHECK(debug["falls_back_ms"].get<int>() <= 500);
  CHECK(has(fixture.ctl.expect(0, {"log", "level"}).out, "LEVEL"));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  while (fixture.ctl.json({"log", "level"})["level"] != "info" && std::chrono::steady_clock::now() < until) {
  }
  CHECK(fixture.ctl.json({"log", "level"})["level"] == "info");
  CHECK(fixture.ctl.json({"log", "level", "warning"})["falls_back_ms"] == nullptr);
  CHECK(fixture.ctl.run({"log", "level", "loud"}).exit == 64);
}

TEST_CASE("check speaks to monitors") {
  LiveFixture fixture;
  CHECK(fixture.ctl.expect(0, {"check", "ready"}).out == "ok: ok\n");
  CHECK(fixture.ctl.expect(0, {"check", "ready", "--format", "nagios"}).out ==
        "RELAY READY OK - ok | probe_age_ms=0;;\n");
  CHECK(fixture.ctl.expect(0, {"check", "live", "--format", "json"}).json()["health"] == "ok");
  CHECK(has(fixture.ctl.expect(0, {"check", "live", "--format", "prometheus"}).out,
            "relayctl_check_health{check=\"live\"} 0\n"));
  CHECK(fixture.ctl.expect(0, {"check", "live", "-o", "json"}).json()["check"] == "live");
  CHECK(fixture.ctl.expect(1, {"check", "live", "--warn", "0", "--format", "nagios"})
            .out.starts_with("RELAY LIVE WARNING"));
  CHECK(fixture.ctl.expect(2, {"check", "live", "--crit", "0", "--format", "nagios"})
            .out.starts_with("RELAY LIVE CRITICAL"));
  fixture.relayd.process().signal(SIGKILL);
  fixture.relayd.process().wait(std::chrono::seconds(10));
  CHECK(fixture.ctl.expect(3, {"check", "live", "--format", "nagios"}).out.starts_with("RELAY LIVE UNKNOWN"));
  CHECK(fixture.ctl.run({"check", "live"}).exit == 69);
}

TEST_CASE("wait ends when it is so, or with 75") {
  LiveFixture fixture;
  CHECK(fixture.ctl.json({"wait", "ready"})["condition"] == "ready");
  CHECK(has(fixture.ctl.expect(0, {"wait", "instances=1"}).out, "WAITED"));
  CHECK(fixture.ctl.run({"wait", "channel=nobody", "--for", "100ms"}).exit == 75);
  CHECK(fixture.ctl.run({"wait", "rain"}).exit == 64);
  CHECK(Ctl({"-s", "unix:/no/such.sock"}).run({"wait", "ready", "--for", "100ms"}).exit == 75);
}

TEST_CASE("metrics are rows, or as Prometheus reads them") {
  LiveFixture fixture;
  fixture.listen(Wire::kSse, "news");
  const json rows = fixture.ctl.json({"metrics", "relayd_clients"});
  REQUIRE(rows.size() == 3);
  CHECK(rows[0] == json{{"name", "relayd_clients"},
                        {"labels", "transport=\"sse\""},
                        {"value", 1.0},
                        {"type", "gauge"},
                        {"help", "Clients connected now, by transport."}});
  CHECK(has(fixture.ctl.expect(0, {"metrics", "relayd_clients"}).out, "transport=\"sse\""));
  CHECK(fixture.ctl.run({"metrics", "no_such_metric"}).exit == 1);
  CHECK(has(fixture.ctl.expect(0, {"metrics", "--raw"}).out, "# TYPE relayd_clients gauge\n"));
}

}  // namespace
