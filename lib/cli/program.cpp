#include "cli/program.hpp"

#include <algorithm>

namespace relay::cli {

std::string_view key_of(const Flag& flag) {
  const auto comma = flag.name.find(',');
  return comma == flag.name.npos ? flag.name : flag.name.substr(comma + 1);
}

const Command* Program::find(std::string_view path) const {
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const Command& one) { return one.path == path; });
  return found == commands.end() ? nullptr : &*found;
}

std::vector<std::string_view> Program::nouns() const {
  std::vector<std::string_view> words;
  for (const Command& command : commands) {
    const auto space = command.path.find(' ');
    if (space == command.path.npos || (!words.empty() && words.back() == command.path.substr(0, space)))
      continue;
    words.push_back(command.path.substr(0, space));
  }
  return words;
}

std::vector<const Command*> Program::commands_of(std::string_view noun) const {
  std::vector<const Command*> found;
  for (const Command& command : commands) {
    if (command.path.size() > noun.size() && command.path.starts_with(noun) &&
        command.path[noun.size()] == ' ')
      found.push_back(&command);
  }
  return found;
}

}  // namespace relay::cli
