#include "completion.hpp"

#include <algorithm>
#include <cstdio>

#include "base/bytes.hpp"
#include "command_line.hpp"
#include "help.hpp"
#include "live.hpp"
#include "options/table.hpp"
#include "profiles.hpp"
#include "verbs.hpp"

namespace relay::ctl {
namespace {

constexpr std::size_t kMost = 200;

// A command line as far as it is typed: the verb, how many arguments are there, and a flag that waits for its
// value.
struct Typed {
  const Verb* verb = nullptr;
  std::string noun;
  std::size_t arguments = 0;
  const Flag* waiting = nullptr;
  Form form;        // of the verb
  Arguments given;  // flags with a value, so far
};

const Flag* find_flag(const std::vector<Flag>& flags, std::string_view word) {
  for (const Flag& flag : flags) {
    const auto comma = flag.name.find(',');
    if (word == key_of(flag) || (comma != flag.name.npos && word == flag.name.substr(0, comma))) return &flag;
  }
  return nullptr;
}

const Flag* find_flag(const Typed& typed, std::string_view word) {
  if (const Flag* flag = find_flag(typed.form.flags, word)) return flag;
  for (const FlagGroup& group : common_flags()) {
    if (const Flag* flag = find_flag(group.flags, word)) return flag;
  }
  return nullptr;
}

void take_word(Typed& typed, const std::string& word) {
  if (typed.waiting != nullptr) {
    typed.given.add(key_of(*typed.waiting), word);
    typed.waiting = nullptr;
  } else if (word.size() > 1 && word.front() == '-') {
    const auto equals = word.find('=');
    const Flag* flag = find_flag(typed, word.substr(0, equals));
    if (flag == nullptr) return;
    if (equals != word.npos) {
      typed.given.add(key_of(*flag), word.substr(equals + 1));
    } else if (!flag->value.empty() && flag->value.front() != '[') {
      typed.waiting = flag;
    }
  } else if (typed.verb != nullptr) {
    ++typed.arguments;
  } else if (typed.noun.empty() && is_noun(word)) {
    typed.noun = word;
  } else if (const Verb* verb = find_verb(typed.noun.empty() ? word : typed.noun + " " + word)) {
    typed.verb = verb;
    typed.form = verb->form();
  }
}

using Candidates = std::vector<Candidate>;

void add_verbs(Candidates& out, const std::string& noun) {
  if (!noun.empty()) {
    for (const Verb* verb : verbs_of(noun))
      out.push_back({std::string(verb->path.substr(noun.size() + 1)), std::string(verb->help)});
    return;
  }
  for (const std::string_view word : nouns())
    out.push_back(
        {std::string(word), std::string(verbs_of(word).front()->path.substr(word.size() + 1)) + " and more"});
  for (const Verb& verb : verbs()) {
    if (verb.path.find(' ') == verb.path.npos)
      out.push_back({std::string(verb.path), std::string(verb.help)});
  }
}

void add_flags(Candidates& out, const Typed& typed) {
  for (const Flag& flag : typed.form.flags)
    out.push_back({std::string(key_of(flag)), std::string(flag.help)});
  for (const FlagGroup& group : common_flags()) {
    for (const Flag& flag : group.flags) out.push_back({std::string(key_of(flag)), std::string(flag.help)});
  }
}

// Names that only a running relayd knows.
void add_live(Candidates& out, const Arguments& given, const std::string& target, const char* list,
              const char* key) {
  Arguments arguments;
  for (const std::string_view flag : profile_flags()) {
    if (given.has(flag)) arguments.add(flag, given.text(flag));
  }
  if (given.has("--context")) arguments.add("--context", given.text("--context"));
  if (!apply_profile(arguments)) return;
  arguments.add("--timeout", std::to_string(kPatience.count()) + "ms");
  const Console console(arguments);
  auto live = Live::connect(arguments, console);
  if (!live) return;
  const auto answer = live->get(target);
  if (!answer || !answer->contains(list)) return;
  for (const Json& entry : (*answer)[list]) out.push_back({entry.value(key, ""), ""});
}

void add_words(Candidates& out, Words words, const std::vector<std::string_view>& choices,
               const Typed& typed) {
  for (const std::string_view choice : choices) out.push_back({std::string(choice), ""});
  const std::string limit = "?limit=" + std::to_string(kMost);
  switch (words) {
    case Words::kChannel:
      return add_live(out, typed.given, "/admin/v1/channels" + limit, "channels", "channel");
    case Words::kClient:
      return add_live(out, typed.given, "/admin/v1/clients" + limit, "clients", "client");
    case Words::kInstance:
      return add_live(out, typed.given, "/admin/v1/instances", "instances", "instance");
    case Words::kContext:
      if (const auto profiles = Profiles::load()) {
        for (const auto& [name, profile] : profiles->all()) out.push_back({name, ""});
      }
      return;
    case Words::kOption:
      for (const options::Row& row : options::rows())
        out.push_back({std::string(row.key), std::string(row.help)});
      return;
    case Words::kTopic:
      for (const Topic& topic : topics()) out.push_back({std::string(topic.name), std::string(topic.help)});
      return add_verbs(out, "");
    case Words::kVerb:
      return add_verbs(out, "");
    case Words::kChoice:
    case Words::kFile:
    case Words::kNothing:
      return;
  }
}

constexpr const char* kFormats[] = {"table", "wide", "json", "jsonl", "yaml", "csv", "name", "template="};

void add_value(Candidates& out, const Flag& flag, const Typed& typed) {
  if (key_of(flag) == "--output") {
    for (const char* format : kFormats) out.push_back({format, ""});
  }
  if (key_of(flag) == "--columns" || key_of(flag) == "--sort-by") {
    for (const Column& column : typed.form.columns)
      out.push_back({std::string(column.key), std::string(column.help)});
  }
  add_words(out, flag.words, flag.choices, typed);
}

void add_argument(Candidates& out, const Typed& typed) {
  const auto& arguments = typed.form.arguments;
  if (arguments.empty()) return;
  const Argument& last = arguments.back();
  const bool many = last.arity == Arity::kSome || last.arity == Arity::kAny;
  if (typed.arguments >= arguments.size() && !many) return;
  const Argument& argument = arguments[std::min(typed.arguments, arguments.size() - 1)];
  add_words(out, argument.words, argument.choices, typed);
}

}  // namespace

std::vector<Candidate> candidates(const std::vector<std::string>& words) {
  Typed typed;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) take_word(typed, words[i]);
  std::string start = words.empty() ? "" : words.back();
  Candidates all;
  const auto equals = start.find('=');
  if (typed.waiting != nullptr) {
    add_value(all, *typed.waiting, typed);
  } else if (start.starts_with("--") && equals != start.npos) {
    if (const Flag* flag = find_flag(typed, start.substr(0, equals))) add_value(all, *flag, typed);
    for (Candidate& candidate : all) candidate.word.insert(0, start.substr(0, equals + 1));
  } else if (start.starts_with('-')) {
    add_flags(all, typed);
  } else if (typed.verb == nullptr) {
    add_verbs(all, typed.noun);
  } else {
    add_argument(all, typed);
  }
  std::erase_if(all, [&](const Candidate& candidate) {
    return candidate.word.empty() || !candidate.word.starts_with(start);
  });
  return all;
}

int complete(const std::vector<std::string>& words) {
  for (const Candidate& candidate : candidates(words)) {
    const std::string line = candidate.word + (candidate.help.empty() ? "" : "\t" + candidate.help) + "\n";
    std::fputs(line.c_str(), stdout);
  }
  return 0;
}

std::string completion_script(std::string_view shell) {
  if (shell == "bash") {
    return R"(# bash completion for relayctl. Made by: relayctl completion bash
_relayctl() {
  local words=("${COMP_WORDS[@]:1:COMP_CWORD}") line
  # Words such as chat:1 and --output=json are one word for relayctl, and several for bash.
  if declare -F _get_comp_words_by_ref >/dev/null; then
    local cur prev cword all
    _get_comp_words_by_ref -n =: -w all -i cword
    words=("${all[@]:1:cword}")
  fi
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("${line%%$'\t'*}")
  done < <(relayctl __complete "${words[@]}" 2>/dev/null)
  if declare -F __ltrim_colon_completions >/dev/null; then
    __ltrim_colon_completions "${words[-1]}"
  fi
}
complete -o default -F _relayctl relayctl
)";
  }
  if (shell == "zsh") {
    return R"(#compdef relayctl
# zsh completion for relayctl. Made by: relayctl completion zsh
_relayctl() {
  local line word
  local -a described
  for line in "${(@f)$(relayctl __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    word=${line%%$'\t'*}
    if [[ $line == *$'\t'* ]]; then
      described+=("${word//:/\\:}:${line#*$'\t'}")
    else
      described+=("${word//:/\\:}")
    fi
  done
  if (( $#described )); then
    _describe relayctl described
  else
    _files
  fi
}
if [[ $funcstack[1] == _relayctl ]]; then
  _relayctl "$@"
else
  compdef _relayctl relayctl
fi
)";
  }
  return R"(# fish completion for relayctl. Made by: relayctl completion fish
function __relayctl_complete
  set -l words (commandline -opc) (commandline -ct)
  relayctl __complete $words[2..-1] 2>/dev/null
end
complete -c relayctl -a '(__relayctl_complete)'
)";
}

}  // namespace relay::ctl
