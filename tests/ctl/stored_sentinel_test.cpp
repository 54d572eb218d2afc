// The stored plane through Sentinel: a profile names relayd's settings, those name sentinels, and every verb
// of the stored plane finds the master there, also when it is another than before.
#include "ctl/stored_fixture.hpp"

#include <signal.h>

#include <set>

#include "support/await.hpp"
#include "support/catch.hpp"
#include "support/redis_sentinels.hpp"
#include "support/relayd_process.hpp"
#include "support/storage_under_test.hpp"
#include "support/streams.hpp"
#include "verbs.hpp"

namespace relay::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

struct BehindSentinels {
  BehindSentinels() {
    good({"context", "add", "site", "--config", config});
    good({"context", "select", "site"});
  }

  // Notes which verb it was.
  CtlRun run(std::vector<std::string> words, const std::string& input = {}) {
    const bool one_word = words.size() == 1 || words[1].starts_with('-');
    tried.insert(one_word ? words[0] : words[0] + " " + words[1]);
    return ctl.run(std::move(words), input);
  }
  CtlRun good(std::vector<std::string> words, const std::string& input = {}) {
    CtlRun result = run(std::move(words), input);
    INFO(result.out << result.err);
    CHECK(result.exit == 0);
    return result;
  }
  json read(std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.end(), {"-o", "json"});
    return good(std::move(words), input).json();
  }
  std::string name_of(std::size_t node) { return "127.0.0.1:" + std::to_string(sentinels.node(node).port()); }
  // A relayd with a client, killed: what it leaves in the store.
  void leave_a_dead_instance() {
    Settings settings = redis_settings(sentinels);
    settings.merge(Settings{
        {"instance.id", "edge-1"}, {"instance.heartbeat_interval", "1s"}, {"instance.dead_after", "1h"}});
    RelaydProcess relayd(settings);
    relayd.await_ready();
    StreamSet set;
    set.open(relayd.port(), Wire::kSse, "channel=room:1");
    REQUIRE(set.await_live());
    await_condition(
        [&] {
          return sentinels.node(0).command({"SCARD", "relay:subs:room:1"}) == "1" &&
                 sentinels.node(0).command({"HGET", "relay:instance:edge-1", "clientCount"}) == "1";
        },
        "its client in the store");
    relayd.process().signal(SIGKILL);
    REQUIRE(relayd.process().wait(10s));
  }

  RedisSentinels sentinels;
  ScratchFolder folder;
  // Nobody listens where the first sentinel should be.
  std::string config = folder.write(
      "relayd.toml", "storage = \"redis\"\n[redis]\nmode = \"sentinel\"\nurl = \"redis://127.0.0.1:" +
                         std::to_string(free_port()) + sentinels.url().substr(sentinels.url().find(',')) +
                         "\"\nsentinel_master = \"" + RedisSentinels::kMaster + "\"\n");
  StoredCtl ctl;
  std::set<std::string> tried;
};

std::string lines_of(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i)
    lines +=
        json{{"channel", "room:" + std::to_string(i % 4)}, {"data", "text " + std::to_string(i)}}.dump() +
        "\n";
  return lines;
}

}  // namespace

TEST_CASE("every verb of the stored plane works through sentinels") {
  BehindSentinels f;
  CHECK(f.read({"backlog", "import", "-", "--verify"}, lines_of(40))["stored"] == 40);
  CHECK(f.read({"backlog", "list"}).size() == 4);
  const json shown = f.read({"backlog", "show", "room:1"});
  REQUIRE(shown.size() == 10);
  const std::string second = std::to_string(shown[1]["id"].get<MessageId>());
  CHECK(f.read({"backlog", "get", "room:1", second})["data"] == shown[1]["data"]);
  CHECK(f.read({"backlog", "count", "room:1"})["messages"] == 10);
  f.good({"backlog", "rm", "room:1", second, "-y"});
  f.good({"backlog", "trim", "room:1", "--max-len", "5", "-y"});
  CHECK(f.read({"backlog", "count", "room:1"})["messages"] == 5);
  CHECK(f.read({"backlog", "verify"}).empty());
  const std::string exported = f.good({"backlog", "export", "--all"}).out;
  CHECK(f.read({"channels", "purge", "--pattern", "room:*", "-y"}).size() == 4);
  CHECK(f.read({"backlog", "import", "-", "--preserve-ids"}, exported)["stored"] == 35);

  const json info = f.read({"storage", "info"});
  CHECK(info["mode"] == "sentinel");
  REQUIRE(info["nodes"].size() == 1);
  CHECK(info["nodes"][0]["node"] == f.name_of(0));
  CHECK(info["nodes"][0]["role"] == "master");
  CHECK(f.read({"storage", "ping", "--count", "1"})[0]["node"] == f.name_of(0));
  CHECK(f.read({"storage", "latency", "--samples", "2"})[0]["count"] == 2);
  CHECK(f.read({"storage", "usage", "--top", "9"}).size() == 4);
  CHECK(f.read({"storage", "orphans"}).empty());
  CHECK(f.good({"check", "storage", "--warn", "30s", "--crit", "60s"}).out == "ok: 1 server answers\n");
  CHECK(f.good({"check", "backlog"}).out == "ok: 4 channels, 0 faults\n");
  CHECK(has(f.run({"doctor"}).out, "redis replicas"));

  f.leave_a_dead_instance();
  CHECK(f.read({"instances", "list"})[0]["instance"] == "edge-1");
  CHECK(f.read({"instances", "get", "edge-1"})["clients"] == 1);
  CHECK(f.run({"check", "instances"}).exit == 0);
  const json purged = f.read({"instances", "purge", "--dead", "--grace", "0", "-y"});
  REQUIRE(purged.size() == 1);
  CHECK(purged[0]["result"] == "removed");
  CHECK(f.sentinels.node(0).command({"EXISTS", "relay:subs:room:1"}) == "0");

  for (const ctl::Verb& verb : ctl::verbs()) {
    INFO(verb.path << " is of the stored plane, and was not tried");
    if (verb.plane == ctl::Plane::kStored || verb.plane == ctl::Plane::kBoth)
      CHECK(f.tried.contains(std::string(verb.path)));
  }
}

TEST_CASE("after a failover the other master is looked into and changed") {
  BehindSentinels f;
  f.good({"backlog", "import", "-"}, lines_of(8));
  await_condition(
      [&] {
        return f.sentinels.node(1).command({"GET", "relay:seq"}) ==
               f.sentinels.node(0).command({"GET", "relay:seq"});
      },
      "the replica has the last message");
  f.sentinels.command_failover();
  const std::size_t master = f.sentinels.await_other_master(0);
  f.sentinels.await_agreement_on(master);
  await_condition([&] { return f.sentinels.node(master).command({"ROLE"}).starts_with("master"); },
                  "the other one is a master");
  CHECK(f.read({"storage", "info"})["nodes"][0]["node"] == f.name_of(master));
  CHECK(f.read({"backlog", "list"}).size() == 4);
  f.good({"channels", "purge", "room:1", "-y"});
  CHECK(f.sentinels.node(master).command({"EXISTS", "relay:log:room:1"}) == "0");
}

TEST_CASE("sentinels that cannot tell are named") {
  BehindSentinels f;
  const std::string other =
      f.folder.write("other.toml", "storage = \"redis\"\n[redis]\nmode = \"sentinel\"\nurl = \"" +
                                       f.sentinels.url() + "\"\nsentinel_master = \"nobody\"\n");
  const CtlRun refused = f.run({"storage", "info", "--config", other, "--timeout", "2s"});
  CHECK(refused.exit == 69);
  CHECK(has(refused.err, "sentinel: 127.0.0.1:"));
}

}  // namespace relay::test
