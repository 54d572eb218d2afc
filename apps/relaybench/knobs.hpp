// Every knob of a run, once: its flag, its place in a scenario file, its help, and how its text is read.
//
// The command line, scenario files, `scenarios NAME`, help, man page and completion are made from this table.
// A new knob is a row in knobs.cpp and a field where it belongs. Constant; any thread.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/form.hpp"
#include "request.hpp"

namespace relay::bench {

// The tables of a scenario file; also the groups of flags in help and man page.
enum class Section { kTarget, kLoad, kTrouble, kTime, kServer, kVerdict };
inline constexpr std::array kSections{Section::kTarget, Section::kLoad,   Section::kTrouble,
                                      Section::kTime,   Section::kServer, Section::kVerdict};

struct Knob {
  Section section;
  cli::Flag flag;
  // Puts it into the request. What was expected, when the text is none of it.
  std::optional<std::string> (*read)(Request& request, std::string_view text);
};

std::span<const Knob> knobs();
// "--publish-url" and "publish_url" are one name, once for flags and once for files.
std::string key_of(const Knob& knob);
const Knob* find_knob(Section section, std::string_view key);
std::vector<std::string> keys_of(Section section);

std::string_view table_of(Section section);  // "target": its name in a scenario file
std::optional<Section> section_of(std::string_view table);
// The groups of flags, for cli::Program.
std::vector<cli::FlagGroup> knob_flags();

// A knob that was given, by its long flag ("--subs"), and its text ("yes" for a switch).
struct Given {
  std::string_view flag;
  std::string_view text;
};
// REQUIRES: the flag is a knob's. Failures: kUsage.
cli::Outcome<void> give(Request& request, const Given& given);

}  // namespace relay::bench
