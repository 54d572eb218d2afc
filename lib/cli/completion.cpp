#include "cli/completion.hpp"

#include <algorithm>
#include <cstdio>

namespace relay::cli {
namespace {

// A command line as far as it is typed: the command, how many arguments are there, and a flag that waits for
// its value.
struct Typed {
  const Program& program;
  const Command* command = nullptr;
  std::string noun = {};
  std::size_t arguments = 0;
  const Flag* waiting = nullptr;
  Form form = {};        // of the command
  Arguments given = {};  // flags with a value, so far
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
  for (const FlagGroup& group : typed.program.flags) {
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
  } else if (typed.command != nullptr) {
    ++typed.arguments;
  } else if (typed.noun.empty() && typed.program.is_noun(word)) {
    typed.noun = word;
  } else if (const Command* command =
                 typed.program.find(typed.noun.empty() ? word : typed.noun + " " + word)) {
    typed.command = command;
    typed.form = command->form();
  }
}

using Candidates = std::vector<Candidate>;

void add_commands(Candidates& out, const Program& program, const std::string& noun) {
  if (!noun.empty()) {
    for (const Command* command : program.commands_of(noun))
      out.push_back({std::string(command->path.substr(noun.size() + 1)), std::string(command->help)});
    return;
  }
  for (const std::string_view word : program.nouns()) {
    const std::string_view first = program.commands_of(word).front()->path;
    out.push_back({std::string(word), std::string(first.substr(word.size() + 1)) + " and more"});
  }
  for (const Command& command : program.commands) {
    if (command.path.find(' ') == command.path.npos)
      out.push_back({std::string(command.path), std::string(command.help)});
  }
}

void add_flags(Candidates& out, const Typed& typed) {
  for (const Flag& flag : typed.form.flags)
    out.push_back({std::string(key_of(flag)), std::string(flag.help)});
  for (const FlagGroup& group : typed.program.flags) {
    for (const Flag& flag : group.flags) out.push_back({std::string(key_of(flag)), std::string(flag.help)});
  }
}

constexpr const char* kFormats[] = {"table", "wide", "json", "jsonl", "yaml", "csv", "name", "template="};

void add_words(Candidates& out, Words words, const std::vector<std::string_view>& choices,
               const Typed& typed) {
  for (const std::string_view choice : choices) out.push_back({std::string(choice), ""});
  switch (words) {
    case Words::kTopic:
      for (const Topic& topic : typed.program.topics)
        out.push_back({std::string(topic.name), std::string(topic.help)});
      return add_commands(out, typed.program, "");
    case Words::kCommand:
      return add_commands(out, typed.program, "");
    case Words::kFormat:
      for (const char* format : kFormats) out.push_back({format, ""});
      return;
    case Words::kColumn:
      for (const Column& column : typed.form.columns)
        out.push_back({std::string(column.key), std::string(column.help)});
      return;
    case Words::kChoice:
    case Words::kFile:
    case Words::kNothing:
      return;
    default:
      if (typed.program.candidates != nullptr) typed.program.candidates(out, words, typed.given);
  }
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

constexpr std::string_view kBash = R"(# bash completion for PROGRAM. Made by: PROGRAM completion bash
_PROGRAM() {
  local words=("${COMP_WORDS[@]:1:COMP_CWORD}") line
  # Words such as chat:1 and --output=json are one word for PROGRAM, and several for bash.
  if declare -F _get_comp_words_by_ref >/dev/null; then
    local cur prev cword all
    _get_comp_words_by_ref -n =: -w all -i cword
    words=("${all[@]:1:cword}")
  fi
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("${line%%$'\t'*}")
  done < <(PROGRAM __complete "${words[@]}" 2>/dev/null)
  if declare -F __ltrim_colon_completions >/dev/null; then
    __ltrim_colon_completions "${words[-1]}"
  fi
}
complete -o default -F _PROGRAM PROGRAM
)";

constexpr std::string_view kZsh = R"(#compdef PROGRAM
# zsh completion for PROGRAM. Made by: PROGRAM completion zsh
_PROGRAM() {
  local line word
  local -a described
  for line in "${(@f)$(PROGRAM __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    word=${line%%$'\t'*}
    if [[ $line == *$'\t'* ]]; then
      described+=("${word//:/\\:}:${line#*$'\t'}")
    else
      described+=("${word//:/\\:}")
    fi
  done
  if (( $#described )); then
    _describe PROGRAM described
  else
    _files
  fi
}
if [[ $funcstack[1] == _PROGRAM ]]; then
  _PROGRAM "$@"
else
  compdef _PROGRAM PROGRAM
fi
)";

constexpr std::string_view kFish = R"(# fish completion for PROGRAM. Made by: PROGRAM completion fish
function __PROGRAM_complete
  set -l words (commandline -opc) (commandline -ct)
  PROGRAM __complete $words[2..-1] 2>/dev/null
end
complete -c PROGRAM -a '(__PROGRAM_complete)'
)";

// The text of one of the scripts for this program.
std::string named(std::string_view script, std::string_view program) {
  constexpr std::string_view kPlace = "PROGRAM";
  std::string out;
  for (auto at = script.find(kPlace); at != script.npos; at = script.find(kPlace)) {
    out.append(script.substr(0, at)).append(program);
    script.remove_prefix(at + kPlace.size());
  }
  return out.append(script);
}

}  // namespace

std::vector<Candidate> candidates(const Program& program, const std::vector<std::string>& words) {
  Typed typed{program};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) take_word(typed, words[i]);
  std::string start = words.empty() ? "" : words.back();
  Candidates all;
  const auto equals = start.find('=');
  if (typed.waiting != nullptr) {
    add_words(all, typed.waiting->words, typed.waiting->choices, typed);
  } else if (start.starts_with("--") && equals != start.npos) {
    if (const Flag* flag = find_flag(typed, start.substr(0, equals)))
      add_words(all, flag->words, flag->choices, typed);
    for (Candidate& candidate : all) candidate.word.insert(0, start.substr(0, equals + 1));
  } else if (start.starts_with('-')) {
    add_flags(all, typed);
  } else if (typed.command == nullptr) {
    add_commands(all, program, typed.noun);
  } else {
    add_argument(all, typed);
  }
  std::erase_if(all, [&](const Candidate& candidate) {
    return candidate.word.empty() || !candidate.word.starts_with(start);
  });
  return all;
}

int complete(const Program& program, const std::vector<std::string>& words) {
  for (const Candidate& candidate : candidates(program, words)) {
    const std::string line = candidate.word + (candidate.help.empty() ? "" : "\t" + candidate.help) + "\n";
    std::fputs(line.c_str(), stdout);
  }
  return 0;
}

std::string completion_script(const Program& program, std::string_view shell) {
  return named(shell == "bash" ? kBash : shell == "zsh" ? kZsh : kFish, program.name);
}

}  // namespace relay::cli
