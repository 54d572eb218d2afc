#include "invoke.hpp"

#include <unistd.h>

#include <cstdio>

#include "cli/command_line.hpp"
#include "cli/completion.hpp"
#include "cli/help.hpp"
#include "cli/terminal.hpp"
#include "commands.hpp"
#include "knobs.hpp"

namespace relay::bench {
namespace {

int print(std::FILE* out, const std::string& text) {
  return std::fputs(text.c_str(), out) < 0 || std::fflush(out) != 0 ? exit_code::kIo : exit_code::kOk;
}

// A knob for a command that measures nothing is a mistake, not a wish.
std::optional<cli::Failure> misplaced(const Command& command, const cli::Arguments& arguments) {
  if (command.measures) return {};
  for (const Knob& knob : knobs()) {
    if (arguments.has(cli::key_of(knob.flag)))
      return cli::usage(std::string(cli::key_of(knob.flag)) +
                            " has no place here: " + std::string(command.name) + " measures nothing",
                        "see: relaybench " + std::string(command.name) + " -h");
  }
  return {};
}

int run_command(const Command& command, const cli::Arguments& arguments, const cli::Console& console,
                std::string_view commit) {
  if (const auto wrong = misplaced(command, arguments)) {
    console.fail(*wrong);
    return wrong->exit;
  }
  Context context(command.name, arguments, console, commit);
  return command.run(context);
}

}  // namespace

bool Context::color() const {
  return cli::wants_color(arguments.text_or("--color", "auto"), STDOUT_FILENO);
}

int Context::print(std::string_view text) const {
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  return written ? exit_code::kOk : fail({exit_code::kIo, "cannot write to standard output"});
}

int invoke(const std::vector<std::string>& words, std::string_view commit) {
  cli::set_up_locale();
  if (!words.empty() && words.front() == "__complete")
    return cli::complete(program(), {words.begin() + 1, words.end()});
  const cli::CommandLine line = cli::read_command_line(program(), words);
  const cli::Console console(program().name, line.arguments);
  if (line.failure) {
    console.fail(*line.failure);
    return line.failure->exit;
  }
  if (const auto help = line.wanted_help(program())) return print(stdout, *help);
  const Command* command = line.command != nullptr           ? find_command(line.command->path)
                           : line.arguments.has("--version") ? find_command("version")
                                                             : nullptr;
  if (command != nullptr) return run_command(*command, line.arguments, console, commit);
  (void)print(stderr, cli::overview(program(), false));
  return exit_code::kUsage;
}

}  // namespace relay::bench
