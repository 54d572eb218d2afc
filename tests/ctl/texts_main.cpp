// Prints the texts that are made from relayctl's verb table, or rewrites the files that hold them:
//   ctl_texts man | bash | zsh | fish
//   ctl_texts update SOURCE_DIRECTORY
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "cli/completion.hpp"
#include "cli/man_page.hpp"
#include "program.hpp"

namespace {

using relay::ctl::program;

bool write_file(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  return static_cast<bool>(file.flush());
}

bool update(const std::string& root) {
  using relay::cli::completion_script;
  return write_file(root + "/man/relayctl.1", relay::cli::man_page(program())) &&
         write_file(root + "/completions/relayctl.bash", completion_script(program(), "bash")) &&
         write_file(root + "/completions/_relayctl", completion_script(program(), "zsh")) &&
         write_file(root + "/completions/relayctl.fish", completion_script(program(), "fish"));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "update" && argc == 3) return update(argv[2]) ? 0 : 74;
  if (what != "man" && what != "bash" && what != "zsh" && what != "fish") {
    std::fputs("usage: ctl_texts man | bash | zsh | fish | update SOURCE_DIRECTORY\n", stderr);
    return 64;
  }
  const std::string text =
      what == "man" ? relay::cli::man_page(program()) : relay::cli::completion_script(program(), what);
  return std::fputs(text.c_str(), stdout) < 0 ? 74 : 0;
}
