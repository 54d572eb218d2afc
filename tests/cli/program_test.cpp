// A small program of the test's own: whatever lib/cli says is about it, and about no other.
#include "cli/program.hpp"

#include <algorithm>

#include "cli/command_line.hpp"
#include "cli/completion.hpp"
#include "cli/help.hpp"
#include "cli/man_page.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::cli;

Form bake_form() {
  static const std::string long_line =
      "An oven is hot; this sentence says so at such length that no terminal of a usual width has room for "
      "all of it.\n";
  return {.arguments = {{"LOAF", Arity::kSome, Words::kScenario}},
          .flags = {{"-t,--time", "TIME", "how long"},
                    {"--crust", "HOW", "the crust", Words::kChoice, {"soft", "hard"}}},
          .text = long_line,
          .examples = {{"oven bake rye", "one loaf"}}};
}

Form plain_form() {
  return {};
}

void loaves(std::vector<Candidate>& out, Words words, const Arguments& given) {
  if (words == Words::kScenario) out.push_back({given.has("--time") ? "rye" : "wheat", "a loaf"});
}

Program oven() {
  return {.name = "oven",
          .commands =
              {{.path = "bake", .help = "make bread", .form = bake_form, .man_note = "It takes a while.\n"},
               {.path = "rack add", .help = "one more", .form = plain_form, .help_note = "Mind the heat"},
               {.path = "rack take", .help = "one less", .form = plain_form}},
          .flags = {{"Help", {{"-h", "", "short help"}, {"--help", "", "all of it"}}}},
          .topics = {{"exit-codes", "what the status says", "0    baked\n64   burnt\n"}},
          .help_head = "oven - bakes\n\n",
          .man = {".Dd today\n", ".Sh HEAT\n", ".Pp\nBoth are warm.\n", ".Sh SEE ALSO\n"},
          .candidates = loaves};
}

std::vector<std::string> offered(std::vector<std::string> typed) {
  std::vector<std::string> words;
  for (const Candidate& candidate : candidates(oven(), typed)) words.push_back(candidate.word);
  return words;
}

TEST_CASE("a program finds its commands and their first words") {
  const Program program = oven();
  CHECK(program.find("bake")->help == "make bread");
  CHECK(program.find("rack") == nullptr);
  CHECK(program.nouns() == std::vector<std::string_view>{"rack"});
  CHECK(program.commands_of("rack").size() == 2);
  CHECK(program.is_noun("rack"));
  CHECK_FALSE(program.is_noun("bake"));
  CHECK(key_of({"-t,--time", "TIME", ""}) == "--time");
}

TEST_CASE("words become a command and its arguments, mistakes name the program") {
  const Program program = oven();
  const CommandLine line = read_command_line(program, {"bake", "rye", "-t", "5m", "spelt"});
  REQUIRE_FALSE(line.failure);
  CHECK(line.command->path == "bake");
  CHECK(line.arguments.all("LOAF") == std::vector<std::string>{"rye", "spelt"});
  CHECK(line.arguments.text("--time") == "5m");
  CHECK(read_command_line(program, {"bak"}).failure->fix == "did you mean \"bake\"?  see: oven help");
  CHECK(read_command_line(program, {"bake"}).failure->fix == "see: oven bake -h");
  CHECK(read_command_line(program, {"bake", "rye", "--crust", "none"}).failure->fix == "one of: soft, hard");
  CHECK(read_command_line(program, {"rack"}).noun == "rack");
}

TEST_CASE("help names the program, and no line of its text is too long") {
  const Program program = oven();
  const std::string help = command_help(program, *program.find("bake"), true);
  CHECK(help.starts_with("oven bake - make bread\n"));
  CHECK(help.find("Usage: oven bake LOAF... [flags]\n") != std::string::npos);
  std::size_t begin = 0;
  while (begin < help.size()) {
    const auto end = help.find('\n', begin);
    CHECK(end - begin <= 92);
    begin = end + 1;
  }
  CHECK(command_help(program, *program.find("rack add"), true).ends_with("\nMind the heat\n"));
  CHECK(overview(program, false).find("  rack                add, take\n") != std::string::npos);
  CHECK(help_on(program, std::vector<std::string>{"exit-cods"}).error().fix ==
        "did you mean \"exit-codes\"?  see: oven help");
  CHECK(help_on(program, std::vector<std::string>{"rack", "take"}).value().starts_with("oven rack take"));
}

TEST_CASE("the man page has the parts in their order") {
  const std::string page = man_page(oven());
  std::size_t at = 0;
  for (const char* part : {".Dd today", ".Ss Help", ".Sh COMMANDS", ".Cm bake Ar LOAF ...",
                           "It takes a while.", "Fl t , Fl \\-time Ar TIME", ".Cm rack add", ".Sh HEAT",
                           ".Sh EXIT STATUS", ".It 64\nBurnt.", "Both are warm.", ".Sh SEE ALSO"}) {
    INFO(part);
    const auto found = page.find(part, at);
    REQUIRE(found != page.npos);
    at = found;
  }
}

TEST_CASE("completion asks the program for what no table has") {
  CHECK(offered({"ba"}) == std::vector<std::string>{"bake"});
  CHECK(offered({"rack", ""}) == std::vector<std::string>{"add", "take"});
  CHECK(offered({"bake", ""}) == std::vector<std::string>{"wheat"});
  CHECK(offered({"bake", "--time", "5m", ""}) == std::vector<std::string>{"rye"});
  CHECK(offered({"bake", "--crust", "h"}) == std::vector<std::string>{"hard"});
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = completion_script(oven(), shell);
    CHECK(script.find("oven __complete") != std::string::npos);
    CHECK(script.find("PROGRAM") == std::string::npos);
  }
}

}  // namespace
