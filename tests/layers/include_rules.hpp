// Who may include whom: reads every #include line of lib/ and apps/ and holds it to the layers.
//
// A folder includes itself and folders on lower lines of this table; neighbours on a line never include each
// other.
//     6   apps/…
//     5   server
//     4   frontend   client   storage/memory   storage/redis
//     3   hub   net
//     2   wire   options   metrics
//     1   base
// Some outside libraries have one home, or are kept out of some folders: the second table, in the source
// file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace relay::layers {

struct Findings {
  std::size_t files = 0;
  std::size_t includes = 0;             // of both kinds
  std::vector<std::string> violations;  // "lib/base/a.hpp:3: includes "hub/b.hpp": ..."
};

// `root` holds lib/ and apps/.
Findings check_includes(const std::filesystem::path& root);

}  // namespace relay::layers
