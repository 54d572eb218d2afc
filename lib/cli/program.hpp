// A program whose first words are commands, as its parser, help, man page and completion see it.
//
// The program makes one from its table of commands and hands it to what is asked for. Values; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/form.hpp"

namespace relay::cli {

// A page of `help TOPIC`. The one named "exit-codes" has lines "64   text" and is EXIT STATUS of the man
// page.
struct Topic {
  std::string_view name;
  std::string_view help;
  std::string_view text;
};

struct Candidate {
  std::string word;
  std::string help;
};

// The parts of the man page (mdoc) that no table has.
struct ManTexts {
  std::string_view head;         // from .Dd to the last line before the flags that every command takes
  std::string_view behind_list;  // sections behind COMMANDS
  std::string_view exit_note;    // at the end of EXIT STATUS
  std::string_view tail;         // sections behind EXIT STATUS
};

struct Program {
  std::string_view name;
  std::vector<Command> commands;  // in the order of help and man page; those of one noun together
  std::vector<FlagGroup> flags;   // what every command takes
  std::vector<Topic> topics;
  std::string_view help_head;
  ManTexts man;
  // Adds the candidates that only this program knows; `given` are the flags typed so far. May be null.
  void (*candidates)(std::vector<Candidate>& out, Words words, const Arguments& given) = nullptr;

  const Command* find(std::string_view path) const;
  std::vector<std::string_view> nouns() const;  // first words that need a second one
  std::vector<const Command*> commands_of(std::string_view noun) const;
  bool is_noun(std::string_view word) const { return !commands_of(word).empty(); }
};

}  // namespace relay::cli
