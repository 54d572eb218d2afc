// Prints the texts that are made from relaybench's command table, or rewrites the files that hold them:
//   bench_texts man | bash | zsh | fish
//   bench_texts update SOURCE_DIRECTORY
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "cli/completion.hpp"
#include "cli/man_page.hpp"
#include "commands.hpp"

namespace {

using relay::bench::program;

bool write_file(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  return static_cast<bool>(file.flush());
}

bool update(const std::string& root) {
  using relay::cli::completion_script;
  return write_file(root + "/man/relaybench.1", relay::cli::man_page(program())) &&
         write_file(root + "/completions/relaybench.bash", completion_script(program(), "bash")) &&
         write_file(root + "/completions/_relaybench", completion_script(program(), "zsh")) &&
         write_file(root + "/completions/relaybench.fish", completion_script(program(), "fish"));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "update" && argc == 3) return update(argv[2]) ? 0 : 74;
  if (what != "man" && what != "bash" && what != "zsh" && what != "fish") {
    std::fputs("usage: bench_texts man | bash | zsh | fish | update SOURCE_DIRECTORY\n", stderr);
    return 64;
  }
  const std::string text =
      what == "man" ? relay::cli::man_page(program()) : relay::cli::completion_script(program(), what);
  return std::fputs(text.c_str(), stdout) < 0 ? 74 : 0;
}
