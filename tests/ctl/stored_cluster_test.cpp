// The stored plane on a real Redis Cluster: the same verbs, with channels in many partitions.
#include "ctl/stored_fixture.hpp"

#include <signal.h>

#include <set>

#include "support/catch.hpp"
#include "support/redis_cluster.hpp"
#include "support/relayd_process.hpp"
#include "support/storage_under_test.hpp"
#include "support/streams.hpp"

namespace relay::test {
namespace {

RedisCluster::Options masters_alone() {
  RedisCluster::Options options;
  options.replicas = 0;
  return options;
}

struct OnCluster {
  RedisCluster cluster{masters_alone()};
  ScratchFolder folder;
  std::string config = folder.write(
      "relayd.toml", "storage = \"redis\"\n[redis]\nmode = \"cluster\"\nurl = \"" + cluster.url() + "\"\n");
  StoredCtl ctl{Ctl({"--config", config})};
};

std::string body_of(const std::string& text) {
  return text.substr(text.find('\n') + 1);
}

}  // namespace

TEST_CASE("backlogs in many partitions are listed, verified, moved and cleared") {
  OnCluster f;
  StoredFixture single;
  std::string lines;
  for (int i = 0; i < 600; ++i) {
    lines +=
        nlohmann::json{{"channel", "room:" + std::to_string(i % 40)}, {"data", "text " + std::to_string(i)}}
            .dump() +
        "\n";
  }
  CHECK(f.ctl.good({"backlog", "import", "-", "--verify", "-o", "json"}, lines).json()["stored"] == 600);
  const auto rows = f.ctl.json({"backlog", "list"});
  REQUIRE(rows.size() == 40);
  std::set<int> partitions;
  for (const auto& row : rows) {
    CHECK(row["messages"] == 15);
    partitions.insert(row["partition"].get<int>());
  }
  CHECK(partitions.size() > 10);
  CHECK(f.ctl.json({"backlog", "list", "--pattern", "room:3?"}).size() == 10);
  CHECK(f.ctl.good({"backlog", "verify", "-o", "json"}).json().empty());
  const auto info = f.ctl.json({"storage", "info"});
  CHECK(info["partitions"] == 64);
  CHECK(info["nodes"].size() == 3);
  CHECK(f.ctl.good({"storage", "orphans", "-o", "json"}).json().empty());
  CHECK(f.ctl.json({"storage", "usage", "--top", "100"}).size() == 40);
  CHECK(f.ctl.json({"storage", "ping", "--count", "1"}).size() == 3);
  CHECK(f.ctl.good({"check", "storage", "--crit", "60s", "--warn", "30s"}).out == "ok: 3 servers answer\n");

  // There and back: the ids are kept, for they are those of this layout.
  const std::string exported = f.ctl.good({"backlog", "export", "--all"}).out;
  const auto purged = f.ctl.good({"channels", "purge", "--pattern", "room:*", "-y", "-o", "json"}).json();
  CHECK(purged.size() == 40);
  CHECK(f.ctl.json({"backlog", "list"}).empty());
  const auto back =
      f.ctl.good({"backlog", "import", "-", "--preserve-ids", "--verify", "-o", "json"}, exported).json();
  CHECK(back["stored"] == 600);
  CHECK(back["missing"] == 0);
  CHECK(body_of(f.ctl.good({"backlog", "export", "--all"}).out) == body_of(exported));
  CHECK(f.ctl.good({"backlog", "verify", "-o", "json"}).json().empty());

  // To a store of another layout under new ids alone.
  CHECK(single.ctl.run({"backlog", "import", "-", "--preserve-ids"}, exported).exit == 65);
  CHECK(single.ctl.good({"backlog", "import", "-", "--verify", "-o", "json"}, exported).json()["missing"] ==
        0);

  const auto ids = f.ctl.ids("room:7");
  f.ctl.good({"backlog", "rm", "room:7", std::to_string(ids[3]), "-y"});
  f.ctl.good({"backlog", "trim", "room:7", "--max-len", "5", "-y"});
  CHECK(f.ctl.ids("room:7").size() == 5);
  CHECK(f.ctl.run({"check", "backlog"}).exit == 0);
}

TEST_CASE("a store that is laid out otherwise is refused, and says why") {
  OnCluster f;
  f.ctl.store("c", numbered(1));
  const std::string other =
      f.folder.write("other.toml", "storage = \"redis\"\n[redis]\nmode = \"cluster\"\nurl = \"" +
                                       f.cluster.url() + "\"\n[cluster]\npartitions = 16\n");
  const Ctl wrong(std::vector<std::string>{"--config", other, "--timeout", "2s"});
  const auto refused = wrong.run({"backlog", "list"});
  CHECK(refused.exit != 0);
  CHECK(has(refused.err, "the store is laid out for 64 partitions, not for 16"));
}

TEST_CASE("dead instances are purged in every partition") {
  OnCluster f;
  Settings settings = redis_settings(f.cluster);
  settings.merge(Settings{
      {"instance.id", "edge-1"}, {"instance.heartbeat_interval", "1s"}, {"instance.dead_after", "1h"}});
  {
    RelaydProcess relayd(settings);
    relayd.await_ready();
    StreamSet set;
    for (int i = 0; i < 20; ++i) set.open(relayd.port(), Wire::kSse, "channel=room:" + std::to_string(i));
    REQUIRE(set.await_live());
    await_condition(
        [&] { return f.ctl.json({"storage", "usage"}).dump().find("\"subs\"") != std::string::npos; },
        "presence in the store");
    relayd.process().signal(SIGKILL);
    REQUIRE(relayd.process().wait(std::chrono::seconds(10)));
  }
  const auto listed = f.ctl.json({"instances", "list"});
  REQUIRE(listed.size() == 1);
  CHECK(listed[0]["instance"] == "edge-1");
  const auto purged = f.ctl.good({"instances", "purge", "--dead", "--grace", "0", "-y", "-o", "json"}).json();
  REQUIRE(purged.size() == 1);
  CHECK(purged[0]["result"] == "removed");
  CHECK(f.ctl.json({"instances", "list"}).empty());
  for (const auto& row : f.ctl.json({"storage", "usage"})) {
    INFO(row.dump());
    CHECK((row["what"] != "subs" && row["what"] != "held" && row["what"] != "instance" &&
           row["what"] != "instances"));
  }
}

}  // namespace relay::test
