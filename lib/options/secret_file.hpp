// Reads a secret from the file that a KEY_file option names. Reads the file system; any thread.
#pragma once

#include <string>

#include "base/error.hpp"

namespace relay::options {

// The content without the line end that closes it. A relative path is looked up in `credentials_directory`
// ($CREDENTIALS_DIRECTORY of systemd; empty: there is none). A file that everyone may read is refused.
Result<std::string> read_secret_file(const std::string& path, const std::string& credentials_directory);

}  // namespace relay::options
