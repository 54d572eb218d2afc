// The part of relayd.toml(5) that describes every option, as mdoc(7). Pure; any thread.
//
// man/relayd.toml.5 holds this text between its two marker lines; a test compares them.
#pragma once

#include <string>

namespace relay::options {

inline constexpr const char* kManKeysBegin = ".\\\" BEGIN OPTIONS (written by options_texts)\n";
inline constexpr const char* kManKeysEnd = ".\\\" END OPTIONS\n";

std::string man_keys();

// The variables of other systems that set an option, for ENVIRONMENT of the same page.
inline constexpr const char* kManAliasesBegin = ".\\\" BEGIN VARIABLES (written by options_texts)\n";
inline constexpr const char* kManAliasesEnd = ".\\\" END VARIABLES\n";

std::string man_aliases();

}  // namespace relay::options
