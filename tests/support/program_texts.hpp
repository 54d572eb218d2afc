// The tool beside a command-line program that prints the texts made from its table, or rewrites the files
// that hold them: NAME man | bash | zsh | fish | update SOURCE_DIRECTORY.
#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "cli/completion.hpp"
#include "cli/man_page.hpp"

namespace relay::test {

inline bool write_file(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  return static_cast<bool>(file.flush());
}

inline bool update_texts(const cli::Program& program, const std::string& root) {
  const std::string name(program.name);
  return write_file(root + "/man/" + name + ".1", cli::man_page(program)) &&
         write_file(root + "/completions/" + name + ".bash", cli::completion_script(program, "bash")) &&
         write_file(root + "/completions/_" + name, cli::completion_script(program, "zsh")) &&
         write_file(root + "/completions/" + name + ".fish", cli::completion_script(program, "fish"));
}

// main() of such a tool; its exit code.
inline int program_texts_main(const cli::Program& program, int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "update" && argc == 3) return update_texts(program, argv[2]) ? 0 : 74;
  if (what != "man" && what != "bash" && what != "zsh" && what != "fish") {
    std::fprintf(stderr, "usage: %s man | bash | zsh | fish | update SOURCE_DIRECTORY\n", argv[0]);
    return 64;
  }
  const std::string text = what == "man" ? cli::man_page(program) : cli::completion_script(program, what);
  return std::fputs(text.c_str(), stdout) < 0 ? 74 : 0;
}

}  // namespace relay::test
