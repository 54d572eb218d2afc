#include "options/table.hpp"

#include <set>

#include "options/environment.hpp"
#include "options/load.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay;
using namespace relay::options;

const Row& row_of(std::string_view key) {
  return *find_key(key).value().row;
}

// A value of the row's type that is allowed and is not `other`.
Value another(const Row& row, const Value& other) {
  if (const auto* flag = std::get_if<bool>(&other)) return !*flag;
  if (const auto* number = std::get_if<std::int64_t>(&other)) return *number == row.min ? row.max : row.min;
  if (const auto* time = std::get_if<Milliseconds>(&other)) {
    return Milliseconds(time->count() == row.min ? row.max : row.min);
  }
  if (row.type == Type::kList) return List{"changed"};
  return std::string("changed");
}

TEST_CASE("every row has a key of its own, help, and a default that it would accept") {
  std::set<std::string_view> keys;
  const Options defaults;
  for (const Row& row : rows()) {
    INFO(row.key);
    CHECK(keys.insert(row.key).second);
    CHECK_FALSE(row.help.empty());
    CHECK(row.help.back() != '.');
    CHECK(check_value(row, get(row, defaults)).empty());
    CHECK(row.min <= row.max);
    CHECK((row.type == Type::kChoice) == !row.choices.empty());
    if (!row.example.empty()) CHECK_FALSE(row.example.front() == ' ');
  }
}

TEST_CASE("every row sets one field, and no two the same") {
  const Options defaults;
  for (const Row& row : rows()) {
    INFO(row.key);
    Options changed;
    const Value value = another(row, get(row, defaults));
    set(row, changed, value);
    CHECK(get(row, changed) == value);
    for (const Row& other : rows()) {
      if (other.key != row.key) CHECK(get(other, changed) == get(other, defaults));
    }
  }
}

TEST_CASE("the type of a row is the type of its field") {
  const Options defaults;
  for (const Row& row : rows()) {
    INFO(row.key);
    const Value value = get(row, defaults);
    switch (row.type) {
      case Type::kString:
      case Type::kChoice:
        CHECK(std::holds_alternative<std::string>(value));
        break;
      case Type::kBool:
        CHECK(std::holds_alternative<bool>(value));
        break;
      case Type::kCount:
      case Type::kBytes:
        CHECK(std::holds_alternative<std::int64_t>(value));
        break;
      case Type::kDuration:
        CHECK(std::holds_alternative<Milliseconds>(value));
        break;
      case Type::kList:
        CHECK(std::holds_alternative<List>(value));
        break;
    }
  }
}

TEST_CASE("rows of a section stand together") {
  std::set<std::string_view> closed;
  std::string_view section;
  for (const Row& row : rows()) {
    if (section_of(row.key) == section) continue;
    CHECK(closed.insert(section).second);
    section = section_of(row.key);
    CHECK(closed.count(section) == 0);
  }
}

TEST_CASE("keys are found by name, by twin and by namespace") {
  CHECK(row_of("redis.url").key == "redis.url");
  const KeyMatch twin = find_key("redis.password_file").value();
  CHECK(twin.key == "redis.password");
  CHECK(twin.from_file);
  const KeyMatch chat = find_key("namespace.chat.eu.max_age").value();
  CHECK(chat.row->key == "channel.max_age");
  CHECK(chat.key == "namespace.chat.eu.max_age");
  CHECK(namespace_key(chat.key)->name == "chat.eu");
  for (const char* key : {"", "redis", "redis.", "redis.url_file", "namespace", "namespace.chat",
                          "namespace.x.url", "namespace..max_age", "Redis.url"}) {
    INFO(key);
    CHECK_FALSE(find_key(key));
  }
}

TEST_CASE("bounds are enforced on text at both ends") {
  for (const Row& row : rows()) {
    if (row.type != Type::kCount && row.type != Type::kBytes && row.type != Type::kDuration) continue;
    INFO(row.key);
    const std::string unit = row.type == Type::kDuration ? "ms" : "";
    CHECK(parse_value(row, std::to_string(row.min) + unit).has_value());
    CHECK(parse_value(row, std::to_string(row.max) + unit).has_value());
    CHECK_FALSE(parse_value(row, std::to_string(row.max + 1) + unit).has_value());
    if (row.min > 0) CHECK_FALSE(parse_value(row, std::to_string(row.min - 1) + unit).has_value());
  }
}

TEST_CASE("choices, addresses, ranges, origins, paths and names are checked") {
  struct Case {
    const char* key;
    const char* text;
    bool good;
  };
  const Case cases[] = {
      {"storage", "redis", true},
      {"storage", "Redis", false},
      {"tls.min_version", "1.1", false},
      {"listen", "127.0.0.1:0, [::1]:8081,:9000", true},
      {"listen", "unix:/run/relayd/public.sock", true},
      {"listen", "unix:/", false},
      {"listen", "8081", false},
      {"listen", "127.0.0.1:", false},
      {"listen", "127.0.0.1:65536", false},
      {"listen", "::1:8081", false},
      {"listen", "example.org:80", false},
      {"operator.listen", "", true},
      {"proxy.trusted_ranges", "10.0.0.0/8,192.0.2.1,2001:db8::/32", true},
      {"proxy.trusted_ranges", "10.0.0.0/33", false},
      {"proxy.trusted_ranges", "10.0.0/8", false},
      {"proxy.trusted_ranges", "::/129", false},
      {"cors.allowed_origins", "https://app.example:8443", true},
      {"cors.allowed_origins", "*", false},
      {"cors.allowed_origins", "https://app.example/", false},
      {"websocket.allowed_origins", "app.example", false},
      {"bridge.path", "/bridge", true},
      {"bridge.path", "/", false},
      {"bridge.path", "bridge", false},
      {"bridge.path", "/bridge/", false},
      {"bridge.path", "/a//b", false},
      {"bridge.webhook_urls", "http://h/x,https://i", true},
      {"bridge.webhook_urls", "ftp://h", false},
      {"bridge.copy_to_url", "", true},
      {"bridge.copy_to_url", "https:///x", false},
      {"bridge.bypass_tokens", "a b", false},
      {"redis.prefix", "relay:prod", true},
      {"redis.prefix", "", false},
      {"redis.prefix", "a{b}", false},
      {"instance.id", "relay-1", true},
      {"instance.id", "a:b", false},
      {"instance.id", "a b", false},
  };
  for (const Case& each : cases) {
    INFO(each.key << " = " << each.text);
    CHECK(static_cast<bool>(parse_value(row_of(each.key), each.text)) == each.good);
  }
}

TEST_CASE("only names that are near are suggested") {
  CHECK(nearest("max_cuont", leaves_of("channel")) == "max_count");
  CHECK(nearest("max_backlog", {"url", "prefix"}) == std::nullopt);
  CHECK(nearest("redis.ulr", all_keys()) == "redis.url");
  CHECK(leaves_of("namespace.chat") == leaves_of("channel"));
}

TEST_CASE("masked values show no secret") {
  CHECK(masked_value(row_of("redis.password"), std::string("pw")) == "\"***\"");
  CHECK(masked_value(row_of("redis.password"), std::string()) == "\"\"");
  CHECK(masked_value(row_of("bridge.bypass_tokens"), List{"a", "b"}) == "[\"***\", \"***\"]");
  CHECK(masked_value(row_of("redis.url"), std::string("redis://u:pw@h")) == "\"redis://u:***@h\"");
}

TEST_CASE("variables are named after keys, and no two keys share one") {
  CHECK(variable_of("redis.url") == "RELAYD_REDIS__URL");
  CHECK(variable_of("storage") == "RELAYD_STORAGE");
  std::set<std::string> names;
  for (const std::string& key : all_keys()) CHECK(names.insert(variable_of(key)).second);
}

}  // namespace
