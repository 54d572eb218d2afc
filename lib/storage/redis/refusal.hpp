// What an error of Redis means for the command it answers: each of these but kNone says that nothing was
// done. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::redis {

enum class Refusal {
  kNone,         // not a refusal: the command ran, or may have
  kMoved,        // the slot has another node: learn the map anew, and ask there
  kAsk,          // the slot is on its way: ask the other node, this once
  kTryAgain,     // the slot's keys are on both sides: soon
  kClusterDown,  // nobody serves the slot just now
  kNoScript,     // send the whole script
  kWrongServer,  // this server is of no use now (a replica, loading, not ours): another, or later
  kRefused,      // for reasons of its own (memory, rights, a busy script, too few replicas)
};
Refusal classify(std::string_view error);

// Of a MOVED or ASK: "MOVED 3999 127.0.0.1:6381".
struct Redirect {
  std::string host;  // empty: the one that said so
  std::uint16_t port = 0;
};
Redirect parse_redirect(std::string_view error);

// "host:port" with the last colon as the border; port 0 if malformed. Brackets are taken off.
Redirect parse_place(std::string_view text);

}  // namespace relay::redis
