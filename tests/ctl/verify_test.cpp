// backlog verify: each fault is found in a real Redis, told by its name, and mended.
#include "ctl/stored_fixture.hpp"

#include "support/catch.hpp"

namespace relay::test {
namespace {

struct Faulty : StoredFixture {
  // By default they are not counted: the bound on the number of messages keeps them low enough.
  void count_bytes() { ctl.ctl.set_environment({"RELAYD_CHANNEL__MAX_BYTES=100KiB"}); }

  // Two runs of three: between them no id was given.
  std::vector<MessageId> ids = (count_bytes(), ctl.store("c", numbered(3)), ctl.store("c", numbered(3)));
  std::string id(std::size_t at) const { return std::to_string(ids[at]); }
  std::string element(std::size_t at) {
    return redis.list({"ZRANGE", "relay:log:c", std::to_string(at), std::to_string(at)}).at(0);
  }

  std::vector<std::string> faults(const CtlRun& run) const {
    std::vector<std::string> found;
    for (const auto& row : run.json()) found.push_back(row["fault"].get<std::string>());
    return found;
  }
  // It is found, a dry run leaves it, and after the repair nothing is wrong.
  void check_mended(const std::string& fault) {
    const auto found = ctl.run({"backlog", "verify", "-o", "json"});
    CHECK(found.exit == 1);
    CHECK(faults(found) == std::vector<std::string>{fault});
    CHECK(has(ctl.run({"backlog", "verify"}).out, fault));
    CHECK(ctl.run({"backlog", "verify", "--repair"}).exit == 64);
    CHECK(ctl.run({"backlog", "verify", "--repair", "--dry-run"}).exit == 1);
    const auto repaired = ctl.run({"backlog", "verify", "--repair", "-y", "-o", "json"});
    CHECK(repaired.exit == 0);
    CHECK(repaired.json().at(0)["repaired"].is_string());
    const auto after = ctl.run({"backlog", "verify", "-o", "json"});
    INFO(after.out);
    CHECK(after.exit == 0);
  }
};

}  // namespace

TEST_CASE("sound backlogs have no faults, trimmed and thinned as well") {
  Faulty f;
  f.ctl.store("d", numbered(3));
  f.ctl.good({"backlog", "trim", "c", "--max-len", "4", "-y"});
  f.ctl.good({"backlog", "rm", "c", f.id(4), "-y"});
  f.ctl.good({"channels", "purge", "d", "-y"});
  const auto sound = f.ctl.good({"backlog", "verify", "-o", "json"});
  CHECK(sound.json().empty());
  CHECK(has(sound.err, "2 channels verified, nothing wrong"));
}

TEST_CASE("an element that is no message") {
  Faulty f;
  f.redis.command({"ZADD", "relay:log:c", std::to_string(f.ids[2] + 1), "junk"});
  f.redis.command({"DEL", "relay:bytes:c"});
  f.check_mended("foreign");
  CHECK(f.ctl.ids("c") == f.ids);
  CHECK(f.ctl.count("c")["removed"] == 1);  // who read from before it is told
}

TEST_CASE("a score that is not the id") {
  Faulty f;
  f.redis.command({"ZADD", "relay:log:c", std::to_string(f.ids[1] + 7000), f.element(1)});
  f.check_mended("score");
  CHECK(f.ctl.ids("c") == f.ids);
}

TEST_CASE("two messages of one id") {
  Faulty f;
  f.redis.command({"DEL", "relay:bytes:c"});
  f.redis.command({"ZADD", "relay:log:c", f.id(2), f.id(2) + " 300000 0 0 0 0 0\nanother"});
  f.check_mended("twice");
  CHECK(f.ctl.ids("c") == f.ids);
}

TEST_CASE("a marker that is not the lowest") {
  Faulty f;
  f.redis.command({"ZADD", "relay:log:c", std::to_string(f.ids[2] + 1), "!" + std::to_string(f.ids[2] + 1)});
  f.check_mended("marker");
  CHECK(f.ctl.ids("c") == f.ids);
  CHECK(f.ctl.count("c")["gone_id"] == f.ids[2] + 1);
}

TEST_CASE("keys that never expire") {
  Faulty f;
  SECTION("the log") {
    f.redis.command({"PERSIST", "relay:log:c"});
  }
  SECTION("the last id") {
    f.redis.command({"PERSIST", "relay:last:c"});
  }
  SECTION("the count of bytes") {
    f.redis.command({"PERSIST", "relay:bytes:c"});
    REQUIRE(f.redis.command({"EXISTS", "relay:bytes:c"}) == "1");
  }
  f.check_mended("expiry");
}

TEST_CASE("a last id that is wrong or forgotten") {
  Faulty f;
  SECTION("behind the newest message") {
    f.redis.command({"SET", "relay:last:c", f.id(2), "KEEPTTL"});
  }
  SECTION("forgotten") {
    f.redis.command({"DEL", "relay:last:c"});
  }
  f.check_mended("last");
  CHECK(f.redis.command({"GET", "relay:last:c"}) == f.id(5));
}

TEST_CASE("a count of bytes that is wrong") {
  Faulty f;
  const std::string right = f.redis.command({"GET", "relay:bytes:c"});
  f.redis.command({"INCRBY", "relay:bytes:c", "100"});
  f.check_mended("bytes");
  CHECK(f.redis.command({"GET", "relay:bytes:c"}) == right);
}

TEST_CASE("a count of bytes without its log") {
  Faulty f;
  f.redis.command({"SET", "relay:bytes:gone", "5", "PX", "100000"});
  f.check_mended("orphan");
  CHECK(f.redis.command({"EXISTS", "relay:bytes:gone"}) == "0");
}

TEST_CASE("an id above the newest one of the store") {
  Faulty f;
  f.redis.command({"SET", "relay:seq", f.id(3)});
  f.check_mended("ahead");
  CHECK(f.redis.command({"GET", "relay:seq"}) == f.id(5));
}

TEST_CASE("a log of another type is told and left alone") {
  Faulty f;
  f.redis.command({"SET", "relay:log:x", "text"});
  const auto found = f.ctl.run({"backlog", "verify", "--repair", "-y", "-o", "json"});
  CHECK(found.exit == 1);
  CHECK(f.faults(found) == std::vector<std::string>{"wrong_type"});
  CHECK(f.redis.command({"GET", "relay:log:x"}) == "text");
  CHECK(f.ctl.json({"backlog", "list"}).size() == 2);
}

TEST_CASE("a message far greater than relayd takes is told, and is not wrong") {
  Faulty f;
  f.redis.command({"DEL", "relay:bytes:c"});
  const std::string id = std::to_string(f.ids[5] + 1);
  f.redis.command({"ZADD", "relay:log:c", id, id + " 300000 0 0 0 0 0\n" + std::string(200'000, 'x')});
  f.redis.command({"SET", "relay:last:c", id, "KEEPTTL"});
  f.redis.command({"SET", "relay:seq", id});
  const auto found = f.ctl.run({"backlog", "verify", "-o", "json"});
  CHECK(found.exit == 0);
  CHECK(f.faults(found) == std::vector<std::string>{"large"});
}

}  // namespace relay::test
