#include "storage/redis/key_table.hpp"

#include "options/texts.hpp"
#include "storage/key_texts.hpp"
#include "storage/redis/keyspace.hpp"
#include "support/catch.hpp"

namespace relay::redis {
namespace {

std::string_view row_name(const std::string& key, std::string_view prefix = "relay") {
  const KeyRow* row = row_of(key, prefix);
  return row == nullptr ? "none" : row->name;
}

TEST_CASE("every name that the keyspace makes has its row") {
  for (const Keyspace& keys : {Keyspace("relay"), Keyspace("relay", "7.31")}) {
    CHECK(row_name(keys.seq()) == "P:seq");
    CHECK(row_name(keys.epoch()) == "P:epoch");
    CHECK(row_name(keys.history()) == "P:history");
    CHECK(row_name(keys.forks()) == "P:forks");
    CHECK(row_name(keys.layout()) == "P:layout");
    CHECK(row_name(keys.log("a:b")) == "P:log:<channel>");
    CHECK(row_name(keys.last("a:b")) == "P:last:<channel>");
    CHECK(row_name(keys.bytes("a:b")) == "P:bytes:<channel>");
    CHECK(row_name(keys.idempotency("a:b", "k")) == "P:idem:<channel>:<hash>");
    CHECK(row_name(keys.instances()) == "P:instances");
    CHECK(row_name(keys.instance("i")) == "P:instance:<id>");
    CHECK(row_name(keys.held("i")) == "P:held:<id>");
    CHECK(row_name(keys.subs("a:b")) == "P:subs:<channel>");
    CHECK(row_name(keys.purge_lease()) == "P:lease:purge");
  }
}

TEST_CASE("what is not ours has none") {
  for (const char* key : {"", "relay", "relay:", "relay:seq2", "relay:log:", "other:seq", "relayx:seq",
                          "relay:{7.31}", "relay:{7.31}:", "relay:lease:other", "relay:instances:x"}) {
    INFO(key);
    CHECK(row_of(key, "relay") == nullptr);
  }
  CHECK(row_of("a:b:seq", "a:b") != nullptr);
}

TEST_CASE("relay-redis(7) describes every row as the table does") {
  const std::string page = test::read_text(std::string(RELAY_SOURCE_DIR) + "/man/relay-redis.7");
  CHECK(test::between(page, test::kKeysBegin, test::kKeysEnd) == test::man_keys());
}

TEST_CASE("every key expires or has an owner") {
  for (const KeyRow& row : kKeyRows) {
    INFO(row.name);
    CHECK((row.type == KeyType::kTopic || !row.goes.empty()));
    CHECK(!row.used_by.empty());
  }
}

}  // namespace
}  // namespace relay::redis
