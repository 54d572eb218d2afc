// storage info, ping, latency, usage and orphans, and check storage, instances and backlog, on a real Redis.
#include "ctl/stored_fixture.hpp"

#include <map>

#include "support/catch.hpp"

namespace relay::test {

TEST_CASE("storage info tells of the store and of its servers") {
  StoredFixture f;
  const auto empty = f.ctl.json({"storage", "info"});
  CHECK(empty["last_id"].is_null());
  CHECK(f.redis.command({"DBSIZE"}) == "0");  // who looks leaves nothing behind
  const auto ids = f.ctl.store("c", numbered(3));
  const auto info = f.ctl.json({"storage", "info"});
  CHECK(info["mode"] == "single");
  CHECK(info["prefix"] == "relay");
  CHECK(info["partitions"] == 1);
  CHECK(info["last_id"] == ids.back());
  CHECK(info["last_time"] == rfc3339(id_time_ms(ids.back())));
  REQUIRE(info["nodes"].size() == 1);
  const auto& node = info["nodes"][0];
  CHECK(node["node"] == "127.0.0.1:" + std::to_string(f.redis.port()));
  CHECK(node["role"] == "master");
  CHECK_FALSE(node["version"].get<std::string>().empty());
  CHECK(node["append_only"] == false);
  CHECK(node["policy"] == "noeviction");
  CHECK(node["memory"].get<int>() > 0);
  const auto table = f.ctl.good({"storage", "info"});
  CHECK(has(table.out, "NODE"));
  CHECK(has(table.out, "127.0.0.1:"));
  CHECK(has(table.err, "prefix relay, 1 partition, data since"));
}

TEST_CASE("storage ping and latency measure round trips") {
  StoredFixture f;
  const auto ping = f.ctl.json({"storage", "ping", "--count", "3"});
  REQUIRE(ping.size() == 1);
  CHECK(ping[0]["count"] == 3);
  CHECK(ping[0]["min_ms"].get<double>() > 0);
  CHECK(ping[0]["min_ms"] <= ping[0]["avg_ms"]);
  CHECK(ping[0]["avg_ms"] <= ping[0]["max_ms"]);
  const auto latency = f.ctl.json({"storage", "latency", "--samples", "20"});
  CHECK(latency[0]["count"] == 20);
  CHECK(latency[0]["p50_ms"] <= latency[0]["p99_ms"]);
  CHECK(has(f.ctl.good({"storage", "latency", "--samples", "2"}).out, "P50 MS"));
  CHECK(f.ctl.run({"storage", "ping", "--count", "0"}).exit == 64);
}

TEST_CASE("storage usage adds up keys by kind and by channel") {
  StoredFixture f;
  f.ctl.store("small", numbered(2));
  f.ctl.store("big", numbered(200));
  f.redis.command({"SET", "other:key", "x"});
  std::int64_t logs = 0;
  for (const auto& row : f.ctl.json({"storage", "usage"})) {
    if (row["what"] == "log") logs = row["keys"].get<std::int64_t>();
    CHECK(row["what"] != "foreign");
    CHECK(row["memory"].get<int>() > 0);
  }
  CHECK(logs == 2);
  const auto top = f.ctl.json({"storage", "usage", "--top", "1"});
  REQUIRE(top.size() == 1);
  CHECK(top[0]["what"] == "big");
  CHECK(has(f.ctl.good({"storage", "usage", "--top", "5"}).out, "small"));
}

TEST_CASE("storage orphans finds keys that nobody answers for, and deletes its own") {
  StoredFixture f;
  f.ctl.store("c", numbered(2));
  CHECK(f.ctl.good({"storage", "orphans", "-o", "json"}).json().empty());
  f.redis.command({"SET", "relay:bytes:gone", "5", "PX", "100000"});
  f.redis.command({"SET", "relay:idem:c:00112233445566778899aabbccddeeff", "1 x"});
  f.redis.command({"HSET", "relay:held:dead", "@", "token", "0.1|c", "sse 5"});
  f.redis.command({"SADD", "relay:subs:c", "dead:0.1", "ghost:0.2"});
  f.redis.command({"SET", "relay:mine", "x"});
  const auto found = f.ctl.run({"storage", "orphans", "-o", "json"});
  CHECK(found.exit == 1);
  std::map<std::string, std::string> kinds;
  for (const auto& row : found.json()) kinds[row["key"].get<std::string>()] = row["kind"].get<std::string>();
  CHECK(kinds ==
        std::map<std::string, std::string>{{"relay:bytes:gone", "bytes"},
                                           {"relay:idem:c:00112233445566778899aabbccddeeff", "idempotency"},
                                           {"relay:held:dead", "held"},
                                           {"relay:subs:c", "subs"},
                                           {"relay:mine", "foreign"}});
  CHECK(has(f.ctl.run({"storage", "orphans"}).out, "no instance answers for this client"));
  CHECK(f.ctl.run({"storage", "orphans", "--delete"}).exit == 64);
  CHECK(f.ctl.run({"storage", "orphans", "--delete", "--dry-run"}).exit == 1);
  CHECK(f.redis.command({"EXISTS", "relay:bytes:gone"}) == "1");
  CHECK(f.ctl.run({"storage", "orphans", "--delete", "-y"}).exit == 0);
  CHECK(f.redis.command({"EXISTS", "relay:bytes:gone", "relay:held:dead", "relay:subs:c"}) == "0");
  CHECK(std::stoll(f.redis.command({"PTTL", "relay:idem:c:00112233445566778899aabbccddeeff"})) > 0);
  CHECK(f.redis.command({"GET", "relay:mine"}) == "x");
  CHECK(f.ctl.ids("c").size() == 2);
}

TEST_CASE("check storage answers monitors in their formats") {
  StoredFixture f;
  CHECK(f.ctl.good({"check", "storage", "--warn", "30s", "--crit", "60s"}).out == "ok: 1 server answers\n");
  const auto nagios =
      f.ctl.good({"check", "storage", "--format", "nagios", "--warn", "30s", "--crit", "60s"}).out;
  CHECK(nagios.starts_with("RELAY STORAGE OK - 1 server answers | round_trip_ms="));
  CHECK(has(f.ctl.good({"check", "storage", "--format", "prometheus", "--crit", "60s"}).out,
            "relayctl_check_round_trip_ms{check=\"storage\"} "));
  CHECK(nlohmann::json::parse(
            f.ctl.good({"check", "storage", "--format", "json", "--crit", "60s"}).out)["check"] == "storage");
  const auto slow = f.ctl.run({"check", "storage", "--format", "nagios", "--warn", "0", "--crit", "0"});
  CHECK(slow.exit == 2);
  f.redis.kill();
  const auto away = f.ctl.run({"check", "storage", "--format", "nagios"});
  CHECK(away.exit == 2);
  CHECK(away.out.starts_with("RELAY STORAGE CRITICAL - the store at "));
  CHECK(f.ctl.run({"check", "storage"}).exit == 1);
}

TEST_CASE("doctor looks at the store with no relayd there") {
  StoredFixture f;
  const auto rows = [&] {
    std::map<std::string, std::string> states;
    for (const auto& row : f.ctl.run({"doctor", "-o", "json"}).json())
      states[row["check"].get<std::string>()] = row["state"].get<std::string>();
    return states;
  };
  auto states = rows();
  CHECK(states["redis version"] == "ok");
  CHECK(states["redis maxmemory"] == "ok");
  CHECK(states["redis append-only file"] == "warn");
  CHECK(states["redis clock"] == "ok");
  CHECK(states["redis replicas"] == "ok");
  f.redis.command({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
  f.redis.command({"CONFIG", "SET", "maxmemory", "100mb"});
  f.redis.command({"CONFIG", "SET", "appendonly", "yes"});
  states = rows();
  CHECK(states["redis maxmemory"] == "fail");
  CHECK(states["redis append-only file"] == "ok");
  CHECK(has(f.ctl.run({"doctor"}).out, "CONFIG SET maxmemory-policy noeviction"));
  f.redis.kill();
  CHECK(rows()["store"] == "fail");
}

TEST_CASE("check backlog counts faults") {
  StoredFixture f;
  f.ctl.store("c", numbered(2));
  CHECK(f.ctl.good({"check", "backlog"}).out == "ok: 1 channel, 0 faults\n");
  f.redis.command({"PERSIST", "relay:log:c"});
  const auto found = f.ctl.run({"check", "backlog", "--format", "nagios"});
  CHECK(found.exit == 2);
  CHECK(has(found.out, "1 fault; c: the log never expires"));
  CHECK(f.ctl.run({"check", "backlog", "--pattern", "x*"}).exit == 0);
  CHECK(f.ctl.run({"check", "backlog", "--crit", "2", "--warn", "1", "--format", "nagios"}).exit == 1);
}

}  // namespace relay::test
