#include "storage/redis/append_script.hpp"

#include "support/catch.hpp"

namespace relay::redis {
namespace {

const Keyspace kKeys("p");

// ttl_ms 0: ephemeral.
Append append(std::string_view channel, std::string data, std::uint32_t ttl_ms = 60'000,
              std::string key = {}) {
  Append one;
  one.request.draft.channel = hub::ChannelName::copy_of(channel);
  one.request.draft.data = std::move(data);
  one.request.draft.ttl_ms = ttl_ms;
  one.request.idempotency_key = std::move(key);
  return one;
}

std::string order_of(const std::vector<Append>& appends) {
  std::string all;
  for (const Append& one : appends) all += one.request.draft.data + ' ';
  return all;
}

// The words of a command.
std::vector<std::string> words_of(const std::vector<Append>& appends, const RedisSettings& settings = {}) {
  std::string out;
  encode_appends(out, appends, kKeys, settings, false);
  std::vector<std::string> words;
  wire::RespReader reader;
  const auto fed = reader.feed(out, [&](const wire::RespValue& value) {
    for (std::size_t i = 0; i < value.size(); ++i) words.emplace_back(value[i].text());
    return true;
  });
  REQUIRE(fed.has_value());
  return words;
}

// What is said of the reply to `count` appends: ids, '=' before repeated ones, or the error's code.
std::string answers_of(std::string_view reply, std::size_t count) {
  std::string all;
  wire::RespReader reader;
  const auto fed = reader.feed(reply, [&](const wire::RespValue& value) {
    for_each_answer({&value, true}, count, [&](std::size_t number, const Result<hub::Appended>& answer) {
      all += std::to_string(number) + ':';
      all += answer ? (answer->repeated ? "=" : "") + std::to_string(answer->id) : answer.error().code;
      all += ' ';
    });
    return true;
  });
  REQUIRE(fed.has_value());
  return all;
}

TEST_CASE("those of a channel come together, and stay in order") {
  std::vector<Append> appends;
  for (const char* data : {"a1", "b1", "a2", "c1", "b2", "a3"})
    appends.push_back(append(std::string_view(data, 1), data));
  group_appends(appends);
  CHECK(order_of(appends) == "a1 a2 a3 b1 b2 c1 ");
}

TEST_CASE("what cannot share a group keeps its place among those of its channel") {
  std::vector<Append> appends;
  appends.push_back(append("a", "a1"));
  appends.push_back(append("b", "b1"));
  appends.push_back(append("a", "a2", 60'000, "key"));
  appends.push_back(append("a", "a3"));
  appends.push_back(append("a", "a4", 0));
  appends.push_back(append("b", "b2"));
  appends.push_back(append("a", "a5"));
  group_appends(appends);
  CHECK(order_of(appends) == "a1 b1 b2 a2 a3 a4 a5 ");
  const auto words = words_of(appends);
  // a1 | b1 b2 | a2 with its key | a3 | a4 ephemeral | a5
  CHECK(words[2] == std::to_string(2 + 2 + 2 + 3 + 2 + 0 + 2));
}

TEST_CASE("a batch is said as append.lua reads it") {
  std::vector<Append> appends;
  appends.push_back(append("a", "one"));
  appends.push_back(append("a", "two", 50'000));
  appends.push_back(append("b", "three"));
  appends.push_back(append("c", "four", 0));
  appends.push_back(append("d", "five", 60'000, "key"));
  appends[4].request.keep.max_bytes = 1'000;
  for (Append& one : appends) one.renewal = Milliseconds{18'750};
  group_appends(appends);
  const std::vector<std::string> keep{"360000", "1000", "1024", "0", "86730000", "18750"};
  std::vector<std::string> expected{"EVALSHA",
                                    append_script(Mode::kSingle).sha(),
                                    "10",
                                    "p:seq",
                                    "p:epoch",
                                    "p:log:a",
                                    "p:last:a",
                                    "p:log:b",
                                    "p:last:b",
                                    "p:log:d",
                                    "p:last:d",
                                    "p:bytes:d",
                                    kKeys.idempotency("d", "key"),
                                    "5"};
  expected.insert(expected.end(), keep.begin(), keep.end());
  for (const char* word : {"p:bus:a", "2", " 60000 0 0 0 0 0\none", " 50000 0 0 0 0 0\ntwo", "=", "p:bus:b",
                           "1", " 60000 0 0 0 0 0\nthree", "", "p:bus:c", "1", " 0 0 0 0 0 0\nfour"})
    expected.emplace_back(word);
  expected.insert(expected.end(), {"360000", "1000", "1125", "1000", "86730000", "18750"});
  expected.insert(expected.end(),
                  {"p:bus:d", "0", "600000", short_hash("t\nfive"), " 60000 0 0 0 0 0\nfive"});
  CHECK(words_of(appends) == expected);
}

TEST_CASE("bytes are counted where a log could grow beyond them, and trimming avoids that") {
  RedisSettings settings;
  settings.max_record_bytes = 1'000;
  const auto bounds = [&](std::uint32_t count, std::uint64_t bytes) {
    hub::ChannelOptions keep;
    keep.max_count = count;
    keep.max_bytes = bytes;
    const Bounds its = bounds_of(keep, settings);
    return std::vector<std::uint64_t>{its.most, its.trim_at, its.bytes};
  };
  using Numbers = std::vector<std::uint64_t>;
  CHECK(bounds(800, 2'000'000) == Numbers{800, 900, 0});
  CHECK(bounds(800, 850'000) == Numbers{800, 850, 0});
  CHECK(bounds(800, 808'000) == Numbers{800, 808, 0});
  CHECK(bounds(800, 807'999) == Numbers{800, 900, 807'999});
  CHECK(bounds(0, 1'000'000) == Numbers{1, 9, 0});
}

TEST_CASE("Redis Cluster has its own form of the script") {
  CHECK(append_script(Mode::kCluster).text().find("'SPUBLISH'") != std::string_view::npos);
  CHECK(append_script(Mode::kCluster).text().find("'PUBLISH'") == std::string_view::npos);
  CHECK(append_script(Mode::kSentinel).sha() == append_script(Mode::kSingle).sha());
}

TEST_CASE("each append gets its own answer") {
  CHECK(answers_of("*1\r\n:7000\r\n", 3) == "0:7000 1:7001 2:7002 ");
  CHECK(answers_of("*7\r\n:7000\r\n:0\r\n:-12\r\n:2\r\n:0\r\n:3\r\n$5\r\nERR x\r\n", 5) ==
        "0:=12 1:7001 2:idempotency_conflict 3:storage_error 4:7004 ");
}

TEST_CASE("an error is that of all, and says whether anything was done") {
  for (const auto& [text, kind] :
       {std::pair{"-OOM none\r\n", ErrorKind::kUnavailable}, {"-ERR odd\r\n", ErrorKind::kUnknown}}) {
    wire::RespReader reader;
    std::size_t answers = 0;
    const auto fed = reader.feed(text, [&, expected = kind](const wire::RespValue& value) {
      for_each_answer({&value, true}, 2, [&](std::size_t, const Result<hub::Appended>& answer) {
        ++answers;
        REQUIRE(answer.has_error());
        CHECK(answer.error().kind == expected);
      });
      return true;
    });
    REQUIRE(fed.has_value());
    CHECK(answers == 2);
  }
  for_each_answer({nullptr, false}, 1, [](std::size_t, const Result<hub::Appended>& answer) {
    CHECK(answer.error().kind == ErrorKind::kUnavailable);
  });
  for_each_answer({nullptr, true}, 1, [](std::size_t, const Result<hub::Appended>& answer) {
    CHECK(answer.error().kind == ErrorKind::kUnknown);
  });
}

}  // namespace
}  // namespace relay::redis
