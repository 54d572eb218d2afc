// What stands on a program's command line: commands, their arguments and flags, and the words of their help.
//
// Each program has one visible table of its commands; parser, help, completion and man page are made from it
// (program.hpp). Values.
#pragma once

#include <string_view>
#include <vector>

#include "cli/column.hpp"

namespace relay::cli {

// What completion offers in a place. Those of the second line only the program knows.
enum class Words {
  kNothing,
  kFile,
  kChoice,
  kTopic,
  kCommand,
  kFormat,
  kColumn,
  kChannel,
  kInstance,
  kClient,
  kContext,
  kOption,
  kScenario,
};

enum class Arity { kOne, kOptional, kSome, kAny };  // kSome: one or more

struct Argument {
  std::string_view name;  // "CHANNEL"
  Arity arity = Arity::kOne;
  Words words = Words::kNothing;
  std::vector<std::string_view> choices = {};
};

struct Flag {
  std::string_view
      name;  // "--limit" or "-n,--limit"; the long name, or the only one, is the key in Arguments
  std::string_view value;  // "N"; "[=2s]" where it may be left out (the text is its default); empty: a switch
  std::string_view help;
  Words words = Words::kNothing;
  std::vector<std::string_view> choices = {};
  bool repeats = false;
};
std::string_view key_of(const Flag& flag);  // "--limit" of "-n,--limit"

struct FlagGroup {
  std::string_view title;
  std::vector<Flag> flags;
};

struct Example {
  std::string_view command;
  std::string_view does;
};

// The part of a command that help, parser, man page and completion share.
struct Form {
  std::vector<Argument> arguments = {};
  std::vector<Flag> flags = {};
  std::string_view text =
      {};  // further sentences for --help and the man page; paragraphs end with a line feed
  std::vector<Example> examples = {};
  std::vector<Column> columns = {};  // what it prints: the keys of its JSON
};

struct Command {
  std::string_view path;  // "channels list"
  std::string_view help;  // one line without a full stop
  Form (*form)();
  std::string_view help_note = {};  // a last paragraph of --help
  std::string_view man_note = {};   // a sentence behind `help` in the man page; ends with a line feed
};

}  // namespace relay::cli
