// The texts of help, made from the verb table and the list of topics. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "verb.hpp"

namespace relay::ctl {

std::string overview(bool full);               // relayctl -h, relayctl help
std::string noun_help(std::string_view noun);  // its verbs
std::string verb_help(const Verb& verb, bool full);
std::string usage_line(const Verb& verb);      // "relayctl channels get CHANNEL [flags]"
std::string argument_words(const Form& form);  // "CHANNEL [DATA]"

struct Topic {
  std::string_view name;
  std::string_view help;
  std::string_view text;
};
std::span<const Topic> topics();
// A topic, a noun, or a verb ("channels list").
std::optional<std::string> help_on(std::string_view topic);

}  // namespace relay::ctl
