#include "storage/redis/keyspace.hpp"

#include <set>

#include "support/catch.hpp"

namespace relay::redis {
namespace {

TEST_CASE("names are those of the table") {
  const Keyspace keys("relay");
  CHECK(keys.seq() == "relay:seq");
  CHECK(keys.epoch() == "relay:epoch");
  CHECK(keys.log("a:b") == "relay:log:a:b");
  CHECK(keys.bytes("a:b") == "relay:bytes:a:b");
  CHECK(keys.last("a:b") == "relay:last:a:b");
  CHECK(keys.bus("a:b") == "relay:bus:a:b");
  CHECK(keys.probe("one", 3) == "relay:probe:one:3");
  CHECK(keys.instances() == "relay:instances");
  CHECK(keys.instance("one") == "relay:instance:one");
  CHECK(keys.held("one") == "relay:held:one");
  CHECK(keys.subs("a:b") == "relay:subs:a:b");
  CHECK(keys.purge_lease() == "relay:lease:purge");
  CHECK(keys.heartbeat_topic("one") == "relay:instance:one:heartbeat");
  CHECK(keys.idempotency("a:b", "key") == "relay:idem:a:b:" + short_hash("key"));
}

TEST_CASE("a topic gives its channel back, and only ours") {
  const Keyspace keys("relay");
  CHECK(keys.channel_of(keys.bus("a:b")) == "a:b");
  for (const char* topic : {"relay:log:a", "relay:bus", "other:bus:a", "relay:probe:one:0", ""}) {
    CHECK(keys.channel_of(topic).empty());
  }
}

TEST_CASE("with a hash tag, all names of a partition carry it") {
  const Keyspace keys("relay", "7.31");
  CHECK(keys.seq() == "relay:{7.31}:seq");
  CHECK(keys.log("a:b") == "relay:{7.31}:log:a:b");
  CHECK(keys.bus("a:b") == "relay:{7.31}:bus:a:b");
  CHECK(keys.held("one") == "relay:{7.31}:held:one");
  CHECK(keys.heartbeat_topic("one") == "relay:instance:one:heartbeat");
  CHECK(keys.channel_of(keys.bus("a:b")) == "a:b");
  CHECK(keys.channel_of(Keyspace("relay", "7.3").bus("a:b")).empty());
}

TEST_CASE("no two names meet") {
  const Keyspace keys("relay");
  std::set<std::string> names = {keys.seq(),    keys.epoch(),     keys.history(),    keys.forks(),
                                 keys.layout(), keys.instances(), keys.purge_lease()};
  std::size_t count = names.size();
  for (const char* channel : {"a", "a:b", "a:b:c", "log:a", "seq"}) {
    for (const std::string& name :
         {keys.log(channel), keys.bytes(channel), keys.last(channel), keys.bus(channel),
          keys.probe(channel, 0), keys.instance(channel), keys.held(channel), keys.subs(channel),
          keys.idempotency(channel, "k"), keys.idempotency(channel, std::string(channel) + ":k")}) {
      names.insert(name);
      ++count;
    }
  }
  CHECK(names.size() == count);
}

TEST_CASE("a short hash is SHA-256, cut") {
  CHECK(short_hash("abc") == "ba7816bf8f01cfea414140de5dae2223");
}

}  // namespace
}  // namespace relay::redis
