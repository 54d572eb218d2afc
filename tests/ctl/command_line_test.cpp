#include "cli/command_line.hpp"

#include <set>

#include "cli/help.hpp"
#include "program.hpp"
#include "support/catch.hpp"
#include "verbs.hpp"

namespace {

using namespace relay::ctl;

CommandLine read(std::vector<std::string> words) {
  return read_command_line(program(), words);
}

std::string refusal(std::vector<std::string> words) {
  const CommandLine line = read(std::move(words));
  REQUIRE(line.failure);
  CHECK(line.failure->exit == 64);
  return line.failure->what + " | " + line.failure->fix;
}

TEST_CASE("a verb gets its arguments and flags, in any order") {
  const CommandLine line = read({"-o", "json", "tail", "a", "-n", "20", "b", "--timeout=2s", "-c3"});
  REQUIRE_FALSE(line.failure);
  CHECK(line.command->path == "tail");
  CHECK(line.arguments.all("CHANNEL") == std::vector<std::string>{"a", "b"});
  CHECK(line.arguments.text("--lines") == "20");
  CHECK(line.arguments.text("--output") == "json");
  CHECK(line.arguments.text("--timeout") == "2s");
  CHECK(line.arguments.text("--count") == "3");
}

TEST_CASE("words that are verbs elsewhere are arguments behind a verb") {
  CHECK(read({"tail", "status"}).arguments.text("CHANNEL") == "status");
  CHECK(read({"channels", "get", "list"}).arguments.text("CHANNEL") == "list");
}

TEST_CASE("a flag's value may be left out where the table says so") {
  CHECK(read({"status", "-w"}).arguments.text("--watch") == "2s");
  CHECK(read({"status", "--watch=5s"}).arguments.text("--watch") == "5s");
}

TEST_CASE("behind -- everything is an argument") {
  const CommandLine line = read({"publish", "news", "--", "--not-a-flag"});
  REQUIRE_FALSE(line.failure);
  CHECK(line.arguments.text("DATA") == "--not-a-flag");
}

TEST_CASE("mistakes get the nearest name") {
  CHECK(refusal({"chanels", "list"}) ==
        "unknown command \"chanels\" | did you mean \"channels\"?  see: relayctl help");
  CHECK(refusal({"channels", "lst"}) ==
        "unknown command \"channels lst\" | did you mean \"list\"?  see: relayctl channels");
  CHECK(refusal({"status", "--ouput", "json"})
            .starts_with("unknown flag \"--ouput\" | did you mean \"--output\"?"));
  CHECK(refusal({"frobnicate"}) == "unknown command \"frobnicate\" | see: relayctl help");
}

TEST_CASE("what is missing or too much is said") {
  CHECK(refusal({"tail"}) == "tail needs CHANNEL | see: relayctl tail -h");
  CHECK(refusal({"status", "now"}) == "unexpected argument \"now\" | see: relayctl status -h");
  CHECK(refusal({"status", "--timeout"}) == "--timeout needs a value | see: relayctl --help");
  CHECK(refusal({"completion", "tcsh"}) == "\"tcsh\" is no SHELL | see: relayctl completion -h");
  CHECK(refusal({"ping", "--path", "moon"}) ==
        "\"moon\" is no value for --path | one of: admin, storage, e2e");
}

TEST_CASE("a noun without its verb is no verb") {
  const CommandLine line = read({"channels"});
  CHECK(line.command == nullptr);
  CHECK(line.noun == "channels");
  CHECK(noun_help(program(), "channels").find("kick CHANNEL") != std::string::npos);
}

TEST_CASE("the table is whole") {
  std::set<std::string_view> paths;
  for (const Verb& verb : verbs()) {
    INFO(verb.path);
    CHECK(paths.insert(verb.path).second);
    CHECK(verb.run != nullptr);
    CHECK_FALSE(verb.help.empty());
    CHECK_FALSE(verb.help.ends_with('.'));
    std::set<std::string_view> names;
    for (const Flag& flag : verb.form().flags) {
      CHECK(names.insert(key_of(flag)).second);
      for (const FlagGroup& group : program().flags) {
        for (const Flag& common : group.flags) CHECK(key_of(common) != key_of(flag));
      }
    }
    std::set<std::string_view> keys;
    for (const Column& column : verb.form().columns) {
      CHECK(keys.insert(column.key).second);
      CHECK_FALSE(column.help.empty());
      CHECK(column.key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos);
    }
  }
}

TEST_CASE("each noun's verbs stand together") {
  std::set<std::string_view> seen;
  std::string_view last;
  for (const Verb& verb : verbs()) {
    const std::string_view first = verb.path.substr(0, verb.path.find(' '));
    if (first != last) CHECK(seen.insert(first).second);
    last = first;
  }
}

TEST_CASE("help has everything") {
  const std::string all = overview(program(), true);
  for (const Verb& verb : verbs()) {
    INFO(verb.path);
    CHECK(all.find("  " + std::string(verb.path)) != std::string::npos);
    const std::string help = command_help(program(), *program().find(verb.path), true);
    for (const Flag& flag : verb.form().flags) CHECK(help.find(key_of(flag)) != std::string::npos);
    for (const Column& column : verb.form().columns) CHECK(help.find(column.key) != std::string::npos);
  }
  for (const Topic& topic : program().topics) CHECK(help_on(program(), topic.name));
  CHECK(help_on(program(), "channels"));
  CHECK(help_on(program(), "channels list"));
  CHECK_FALSE(help_on(program(), "nonsense"));
}

}  // namespace
