// What a verb of relayctl is: its place on the command line, what it takes, what it prints, and the function.
//
// verbs.hpp has the table of all of them; help, completion, relayctl(1) and the parser are made from it. A
// verb gets a Context and returns an exit code. Values.
#pragma once

#include <string_view>

#include "cli/form.hpp"
#include "vocabulary.hpp"

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

struct Verb {
  std::string_view path;  // "channels list"
  std::string_view help;  // one line without a full stop
  Plane plane;
  Access access;
  Form (*form)();
  int (*run)(Context& context);
};

}  // namespace relay::ctl
