// Prints the texts that are made from the tables of options and log events, or rewrites the files that hold
// them:
//   options_texts sample | keys | aliases | catalog
//   options_texts update SOURCE_DIRECTORY
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "base/log_events.hpp"
#include "options/man_page.hpp"
#include "options/print.hpp"
#include "options/texts.hpp"

namespace {

using namespace relay::options;

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  return static_cast<bool>(file.flush());
}

bool update(const std::string& root) {
  const std::string page = root + "/man/relayd.toml.5";
  std::string text = relay::test::read_text(page);
  text = relay::test::replace_between(text, kManKeysBegin, kManKeysEnd, man_keys());
  text = relay::test::replace_between(text, kManAliasesBegin, kManAliasesEnd, man_aliases());
  return write_file(page, text) && write_file(root + "/packaging/relayd.toml", default_config()) &&
         write_file(root + "/packaging/relayd.catalog", relay::log::journal_catalog());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "update" && argc == 3) return update(argv[2]) ? 0 : 74;
  const std::string text = what == "sample"    ? default_config()
                           : what == "keys"    ? man_keys()
                           : what == "aliases" ? man_aliases()
                           : what == "catalog" ? relay::log::journal_catalog()
                                               : std::string();
  if (text.empty()) {
    std::fputs("usage: options_texts sample | keys | aliases | catalog | update SOURCE_DIRECTORY\n", stderr);
    return 64;
  }
  return std::fputs(text.c_str(), stdout) < 0 ? 74 : 0;
}
