// Committed texts say what the verb table says. To mend them: ctl_texts update SOURCE_DIRECTORY.
#include "cli/man_page.hpp"

#include <algorithm>

#include "cli/completion.hpp"
#include "options/texts.hpp"
#include "program.hpp"
#include "support/catch.hpp"
#include "verbs.hpp"

namespace {

using namespace relay::ctl;
using relay::test::read_text;

const std::string kRoot = RELAY_SOURCE_DIR;

TEST_CASE("relayctl(1) is made from the verb table") {
  const std::string page = read_text(kRoot + "/man/relayctl.1");
  CHECK(page == man_page(program()));
  for (const Verb& verb : verbs()) {
    INFO(verb.path);
    CHECK(page.find(".Cm " + std::string(verb.path)) != page.npos);
  }
}

TEST_CASE("completions are what relayctl completion prints") {
  CHECK(read_text(kRoot + "/completions/relayctl.bash") == completion_script(program(), "bash"));
  CHECK(read_text(kRoot + "/completions/_relayctl") == completion_script(program(), "zsh"));
  CHECK(read_text(kRoot + "/completions/relayctl.fish") == completion_script(program(), "fish"));
}

std::vector<std::string> words_of(std::vector<std::string> typed) {
  std::vector<std::string> words;
  for (const Candidate& candidate : candidates(program(), typed)) words.push_back(candidate.word);
  return words;
}

bool offers(const std::vector<std::string>& typed, const std::string& word) {
  const auto words = words_of(typed);
  return std::find(words.begin(), words.end(), word) != words.end();
}

TEST_CASE("completion follows the table") {
  CHECK(words_of({"chan"}) == std::vector<std::string>{"channels"});
  CHECK(offers({""}, "status"));
  CHECK(offers({"channels", ""}, "kick"));
  CHECK(words_of({"channels", "li"}) == std::vector<std::string>{"list"});
  CHECK(words_of({"completion", "z"}) == std::vector<std::string>{"zsh"});
  CHECK(offers({"status", "--out"}, "--output"));
  CHECK(offers({"tail", "--unt"}, "--until-end"));
  CHECK(words_of({"status", "-o", "js"}) == std::vector<std::string>{"json", "jsonl"});
  CHECK(words_of({"status", "--color=al"}) == std::vector<std::string>{"--color=always"});
  CHECK(offers({"channels", "list", "--sort-by", ""}, "subscribers"));
  CHECK(offers({"config", "get", "redis.u"}, "redis.url"));
  CHECK(words_of({"status", "now", ""}).empty());
}

}  // namespace
