// Committed texts say what the tables say. To mend one: options_texts update SOURCE_DIRECTORY.
#include "options/man_page.hpp"

#include "options/command_line.hpp"
#include "options/environment.hpp"
#include "options/print.hpp"
#include "options/texts.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::options;
using relay::test::between;
using relay::test::read_text;

const std::string kRoot = RELAY_SOURCE_DIR;

TEST_CASE("packaging/relayd.toml is what --print-default-config prints") {
  CHECK(read_text(kRoot + "/packaging/relayd.toml") == default_config());
}

TEST_CASE("relayd.toml(5) describes every option as the table does") {
  const std::string page = read_text(kRoot + "/man/relayd.toml.5");
  CHECK(between(page, kManKeysBegin, kManKeysEnd) == man_keys());
  CHECK(between(page, kManAliasesBegin, kManAliasesEnd) == man_aliases());
  for (const std::string& key : all_keys()) {
    INFO(key);
    CHECK(page.find("Ic " + key + "\n") != page.npos);
  }
}

TEST_CASE("relayd(8) has every flag, with the value it takes") {
  const std::string page = read_text(kRoot + "/man/relayd.8");
  for (const Flag& flag : flags()) {
    INFO(flag.name);
    CHECK(page.find(".It Fl -" + std::string(flag.name.substr(2))) != page.npos);
  }
}

}  // namespace
