#include "options/print.hpp"

#include "load_fixture.hpp"
#include "options/reload.hpp"
#include "options/table.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::options;
using relay::test::LoadFixture;

std::string with_comments_taken_off(const std::string& sample) {
  std::string out;
  for (std::size_t begin = 0; begin < sample.size();) {
    const std::size_t end = sample.find('\n', begin);
    const std::string line = sample.substr(begin, end - begin);
    const bool is_value = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    out += (is_value ? line.substr(1) : line) + "\n";
    begin = end + 1;
  }
  return out;
}

bool has_line_with(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

TEST_CASE("the values in effect, read again, are the same values") {
  LoadFixture fixture;
  fixture.write("relayd.toml",
                "loops = 3\n[namespace.\"my.ns\"]\nmax_count = 4\n[sse]\nheartbeat = \"1500ms\"\n");
  const LoadOutcome first = fixture.load({"--print-config"});
  REQUIRE(first.exit_code == 0);
  fixture.write("relayd.toml", first.output);
  const LoadOutcome second = fixture.load();
  INFO(second.errors);
  REQUIRE(second.exit_code == 0);
  const Changes changes = compare(first.loaded.options, second.loaded.options);
  CHECK(changes.applied.empty());
  CHECK(changes.needs_restart.empty());
}

TEST_CASE("origins say where each value is from") {
  LoadFixture fixture;
  fixture.write("relayd.toml", "loops = 3\n");
  fixture.environment["PORT"] = "9000";
  const std::string text = fixture.load({"--print-config=origin", "--log-level", "debug"}).output;
  CHECK(has_line_with(
      text, "loops = 3                                    # " + fixture.path("relayd.toml") + ":1\n"));
  CHECK(has_line_with(text, "listen = [\":9000\"]                           # environment PORT\n"));
  CHECK(has_line_with(text, "level = \"debug\"                              # flag --log-level\n"));
  CHECK(has_line_with(text, "storage = \"memory\"                           # default\n"));
}

TEST_CASE("printed values hide secrets, those of the address too") {
  LoadFixture fixture;
  fixture.environment = {{"REDIS_URL", "redis://u:sesame@h"},
                         {"RELAYD_REDIS__PASSWORD", "sesame"},
                         {"RATE_LIMITS_BY_PASS_TOKEN", "sesame,sesame2"}};
  const std::string text = fixture.load({"--print-config=origin"}).output;
  CHECK_FALSE(has_line_with(text, "sesame"));
  CHECK(has_line_with(text, "url = \"redis://u:***@h\""));
  CHECK(has_line_with(text, "password = \"***\""));
  CHECK(has_line_with(text, "bypass_tokens = [\"***\", \"***\"]"));
}

TEST_CASE("the sample changes nothing as it is, and names every key") {
  LoadFixture fixture;
  const std::string sample = default_config();
  fixture.write("relayd.toml", sample);
  const LoadOutcome outcome = fixture.load();
  INFO(outcome.errors);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.loaded.origins.empty());
  for (const std::string& key : all_keys()) {
    INFO(key);
    CHECK(has_line_with(sample, "\n#" + std::string(leaf_of(key)) + " = "));
  }
}

TEST_CASE(
    "the sample with its comment signs taken off is well-formed, but for pairs that exclude each other") {
  LoadFixture fixture;
  fixture.write("relayd.toml", with_comments_taken_off(default_config()));
  fixture.write("creds/redis-password", "pw", 0600);
  fixture.write("creds/sentinel_password", "pw", 0600);
  fixture.write("creds/bypass_tokens", "a", 0600);
  fixture.write("creds/token", "a", 0600);
  fixture.environment["CREDENTIALS_DIRECTORY"] = fixture.path("creds");
  const LoadOutcome outcome = fixture.load();
  CHECK(outcome.exit_code == 78);
  std::size_t errors = 0;
  for (auto at = outcome.errors.find(": error: "); at != outcome.errors.npos;
       at = outcome.errors.find(": error: ", at + 1)) {
    ++errors;
  }
  INFO(outcome.errors);
  CHECK(errors == 4);
  CHECK(has_line_with(outcome.errors, "operator.token and operator.token_file are both given"));
  CHECK(has_line_with(outcome.errors, "redis.password and redis.password_file are both given"));
  CHECK(has_line_with(outcome.errors,
                      "redis.sentinel_password and redis.sentinel_password_file are both given"));
  CHECK(has_line_with(outcome.errors, "bridge.bypass_tokens and bridge.bypass_tokens_file are both given"));
}

}  // namespace
