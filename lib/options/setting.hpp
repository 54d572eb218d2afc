// One value that some source gave, with the place it was given at; and what is wrong with one.
//
// Every source (file, environment, flags) turns into a list of these, so that the rest of the loader need not
// know which it was. Values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "options/table.hpp"
#include "options/value.hpp"

namespace relay::options {

// Where something was written, exact enough to put a caret under it.
struct Place {
  std::string name;    // "/etc/relayd/relayd.toml", "environment REDIS_URL", "flag --listen"
  int line = 0;        // 0: the name says it all
  int column = 0;      // in characters, from 1
  int width = 1;       // characters to underline
  std::string source;  // the whole line, without its end
};

// "relayd.toml:14" or "environment REDIS_URL": the origin that --print-config=origin shows.
std::string origin_of(const Place& place);

struct Setting {
  KeyMatch key;
  Value value;  // of key.row's type; a file name (string) if key.from_file
  Place place;
};

struct Diagnostic {
  Place place;
  std::string message;
  std::string help;  // empty: none
};

// In the style of a compiler: place, "error:", message; the source line with a caret; "help:".
std::string render(const Diagnostic& diagnostic);

// `unknown key "max_cuont" in [channel]` with the nearest name, when one is near.
Diagnostic unknown_key(Place place, std::string_view key);

// What a source gave, and everything that is wrong with it.
struct Layer {
  std::vector<Setting> settings;
  std::vector<Diagnostic> errors;
  std::vector<std::string> warnings;
};

}  // namespace relay::options
