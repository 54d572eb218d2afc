// Reads one TOML file (TOML 1.0) into settings. Every unknown key, wrong type and refused value is reported
// with its position; a syntax error ends that file, for nothing after it can be trusted.
//
// Reads the file system; keeps nothing. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "options/setting.hpp"

namespace relay::options {

// `name` is what diagnostics call the text.
Layer parse_toml(std::string_view text, const std::string& name);

// What became of opening a file.
enum class FileState { kRead, kMissing, kDenied };
struct FileText {
  FileState state = FileState::kMissing;
  std::string text;
  std::string why;  // when not read
};
FileText read_file(const std::string& path);

// The files of DIRECTORY that end in ".toml", sorted by name; none if there is no such directory.
std::vector<std::string> toml_files_in(const std::string& directory);

}  // namespace relay::options
