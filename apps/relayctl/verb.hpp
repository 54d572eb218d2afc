// What a verb of relayctl is: its place on the command line, what it takes, what it prints, and the function.
//
// verbs.hpp has the table of all of them; help, completion, relayctl(1) and the parser are made from it. A
// verb gets a Context and returns an exit code. Values.
#pragma once

#include <string_view>
#include <vector>

#include "column.hpp"

namespace relay::ctl {

class Context;

// Where a verb's data comes from.
enum class Plane {
  kLocal,   // this machine: no relayd and no Redis needed
  kLive,    // a running relayd, by its admin socket or its operator address
  kStored,  // Redis, with no relayd needed
  kBoth,    // a running relayd if there is one, else Redis
};
enum class Access { kReads, kWrites };

// What completion offers in a place.
enum class Words { kNothing, kChannel, kInstance, kClient, kContext, kFile, kOption, kTopic, kVerb, kChoice };

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

struct Example {
  std::string_view command;
  std::string_view does;
};

// The part of a verb that help, parser, man page and completion share.
struct Form {
  std::vector<Argument> arguments = {};
  std::vector<Flag> flags = {};
  std::string_view text =
      {};  // further sentences for --help and relayctl(1); paragraphs end with a line feed
  std::vector<Example> examples = {};
  std::vector<Column> columns = {};  // what it prints: the keys of its JSON
};

struct Verb {
  std::string_view path;  // "channels list"
  std::string_view help;  // one line without a full stop
  Plane plane;
  Access access;
  Form (*form)();
  int (*run)(Context& context);
};

}  // namespace relay::ctl
