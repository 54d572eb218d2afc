#include "verbs.hpp"

#include <algorithm>
#include <array>

#include "verbs/about.hpp"

namespace relay::ctl {
namespace {

constexpr auto kLocal = Plane::kLocal;
constexpr auto kReads = Access::kReads;

// In the order of help and man page.
constexpr std::array kVerbs{
    Verb{"version", "the version; -o json tells more", kLocal, kReads, version_form, version},
    Verb{"help", "help on a command or a topic", kLocal, kReads, help_form, help},
};

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

const Verb* find_verb(std::string_view path) {
  const auto found = std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Verb& verb) { return verb.path == path; });
  return found == kVerbs.end() ? nullptr : &*found;
}

bool is_noun(std::string_view word) { return !verbs_of(word).empty(); }

std::vector<std::string_view> nouns() {
  std::vector<std::string_view> words;
  for (const Verb& verb : kVerbs) {
    const auto space = verb.path.find(' ');
    if (space == verb.path.npos || (!words.empty() && words.back() == verb.path.substr(0, space))) continue;
    words.push_back(verb.path.substr(0, space));
  }
  return words;
}

std::vector<const Verb*> verbs_of(std::string_view noun) {
  std::vector<const Verb*> found;
  for (const Verb& verb : kVerbs) {
    if (verb.path.size() > noun.size() && verb.path.starts_with(noun) && verb.path[noun.size()] == ' ') found.push_back(&verb);
  }
  return found;
}

}  // namespace relay::ctl
