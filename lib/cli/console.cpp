#include "cli/console.hpp"

#include <unistd.h>

#include <cstdio>

#include "base/bytes.hpp"
#include "cli/terminal.hpp"

namespace relay::cli {
namespace {

void line_to_stderr(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fputc('\n', stderr);
  std::fflush(stderr);
}

std::string read_answer() {
  std::string answer;
  for (int c = std::fgetc(stdin); c != EOF && c != '\n'; c = std::fgetc(stdin))
    answer += static_cast<char>(c);
  return std::string(trim(answer));
}

}  // namespace

Console::Console(std::string_view program, const Arguments& arguments)
    : program_(program),
      quiet_(arguments.has("--quiet")),
      verbose_(arguments.has("--verbose")),
      trace_(arguments.has("--trace")),
      yes_(arguments.has("--yes")),
      dry_run_(arguments.has("--dry-run")),
      no_input_(arguments.has("--no-input")),
      color_(wants_color(arguments.text_or("--color", "auto"), STDERR_FILENO)) {}

void Console::say(std::string_view line) const {
  if (!quiet_) line_to_stderr(line);
}

void Console::detail(std::string_view line) const {
  if (verbose_ && !quiet_) line_to_stderr(line);
}

void Console::trace(std::string_view line) const {
  if (trace_) line_to_stderr(painted(line, Ink::kDim, color_));
}

void Console::warn(std::string_view line) const {
  line_to_stderr(painted("warning: ", Ink::kWarn, color_) + std::string(line));
}

void Console::fail(const Failure& failure) const {
  const std::string text = text_of(failure, program_);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

Outcome<Answer> Console::ask(std::string_view plan, std::string_view question, std::string_view word) const {
  if (!quiet_ || !yes_) say(plan);
  if (dry_run_) return Answer::kDryRun;
  if (yes_) return Answer::kYes;
  if (no_input_ || ::isatty(STDIN_FILENO) == 0) {
    return usage("this needs a yes, and there is no terminal to ask on",
                 "run it again with -y, or with --dry-run to see what it would do");
  }
  const std::string prompt =
      std::string(question) + (word.empty() ? " [y/N] " : " Type \"" + std::string(word) + "\": ");
  std::fputs(prompt.c_str(), stderr);
  std::fflush(stderr);
  const std::string answer = read_answer();
  const bool yes =
      word.empty() ? equals_ignore_case(answer, "y") || equals_ignore_case(answer, "yes") : answer == word;
  if (!yes) say("nothing was changed");
  return yes ? Answer::kYes : Answer::kNo;
}

}  // namespace relay::cli
