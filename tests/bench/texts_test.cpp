// Committed texts say what the command table says. To mend them: bench_texts update SOURCE_DIRECTORY.
#include "commands.hpp"

#include <algorithm>
#include <set>

#include "cli/completion.hpp"
#include "cli/help.hpp"
#include "cli/man_page.hpp"
#include "knobs.hpp"
#include "loads.hpp"
#include "options/texts.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::bench;
using relay::test::read_text;

const std::string kRoot = RELAY_SOURCE_DIR;

TEST_CASE("relaybench(1) is made from the command table") {
  const std::string page = read_text(kRoot + "/man/relaybench.1");
  CHECK(page == relay::cli::man_page(program()));
  for (const Command& command : commands()) {
    INFO(command.name);
    CHECK(page.find(".Cm " + std::string(command.name)) != page.npos);
  }
}

TEST_CASE("completions are what relaybench completion prints") {
  using relay::cli::completion_script;
  CHECK(read_text(kRoot + "/completions/relaybench.bash") == completion_script(program(), "bash"));
  CHECK(read_text(kRoot + "/completions/_relaybench") == completion_script(program(), "zsh"));
  CHECK(read_text(kRoot + "/completions/relaybench.fish") == completion_script(program(), "fish"));
}

TEST_CASE("the table is whole, and every ready-made load is a command") {
  std::set<std::string_view> names;
  for (const Command& command : commands()) {
    INFO(command.name);
    CHECK(names.insert(command.name).second);
    CHECK(command.run != nullptr);
    CHECK_FALSE(command.help.empty());
    CHECK_FALSE(command.help.ends_with('.'));
    std::set<std::string_view> flags;
    for (const relay::cli::Flag& flag : command.form().flags) {
      CHECK(flags.insert(relay::cli::key_of(flag)).second);
      for (const auto& group : program().flags) {
        for (const auto& common : group.flags) CHECK(relay::cli::key_of(common) != relay::cli::key_of(flag));
      }
    }
  }
  for (const ReadyLoad& load : loads()) CHECK(find_command(load.name) != nullptr);
  for (const std::string_view name :
       {"run", "search", "versus", "floor", "compare", "report", "scenarios", "doctor", "self-test"})
    CHECK(find_command(name) != nullptr);
}

TEST_CASE("help has every command, every knob and every topic") {
  const std::string all = relay::cli::overview(program(), true);
  for (const Command& command : commands())
    CHECK(all.find("  " + std::string(command.name)) != std::string::npos);
  for (const Knob& knob : knobs()) CHECK(all.find(knob.flag.help) != std::string::npos);
  for (const relay::cli::Topic& topic : program().topics) {
    INFO(topic.name);
    CHECK(relay::cli::help_on(program(), topic.name));
    CHECK(topic.text.size() > 100);
  }
}

bool offers(const std::vector<std::string>& typed, const std::string& word) {
  const auto all = relay::cli::candidates(program(), typed);
  return std::any_of(all.begin(), all.end(), [&](const auto& candidate) { return candidate.word == word; });
}

TEST_CASE("completion follows the tables") {
  CHECK(offers({"fan"}, "fanout"));
  CHECK(offers({"search", ""}, "pairs"));
  CHECK(offers({"scenarios", "so"}, "soak"));
  CHECK(offers({"fanout", "--driver", ""}, "nchan"));
  CHECK(offers({"fanout", "--thr"}, "--threshold"));
  CHECK(offers({"fanout", "--progress=p"}, "--progress=plain"));
  CHECK(offers({"help", ""}, "metrics"));
}

}  // namespace
