#include "run.hpp"

#include <cstdio>

#include "command_line.hpp"
#include "completion.hpp"
#include "context.hpp"
#include "help.hpp"
#include "interrupt.hpp"
#include "profiles.hpp"
#include "terminal.hpp"
#include "verbs.hpp"

namespace relay::ctl {
namespace {

constexpr Milliseconds kDefaultPause{2000};

int print(const std::string& text) {
  return std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? exit_code::kIo : exit_code::kOk;
}

// Help, wherever it was asked for. Nothing if it was not.
std::optional<std::string> wanted_help(const CommandLine& line) {
  const bool full = line.arguments.has("--help");
  if (!full && !line.arguments.has("-h")) return {};
  if (line.verb != nullptr) return verb_help(*line.verb, full);
  return line.noun.empty() ? overview(full) : noun_help(line.noun);
}

int run_once(const CommandLine& line, Console& console) {
  auto output = Output::make(line.arguments);
  if (!output) {
    console.fail(output.error());
    return output.error().exit;
  }
  Context context(*line.verb, line.arguments, console, *output);
  return line.verb->run(context);
}

// -w: again and again until something fails or somebody interrupts.
int run_watching(const CommandLine& line, Console& console) {
  const auto pause = line.arguments.duration("--watch", kDefaultPause);
  if (!pause) {
    console.fail(pause.error());
    return pause.error().exit;
  }
  catch_interrupts();
  const bool screen = terminal_columns(1) > 0;
  while (true) {
    if (screen) std::fputs("\x1b[H\x1b[2J", stdout), std::fflush(stdout);
    const int code = run_once(line, console);
    if (code != exit_code::kOk && code != exit_code::kNo) return code;
    if (!pause_for(*pause)) return exit_code::kInterrupted;
  }
}

}  // namespace

int run(const std::vector<std::string>& words) {
  set_up_locale();
  if (!words.empty() && words.front() == "__complete") return complete({words.begin() + 1, words.end()});
  CommandLine line = read_command_line(words);
  Console console(line.arguments);
  if (line.failure) {
    console.fail(*line.failure);
    return line.failure->exit;
  }
  if (const auto help = wanted_help(line)) return print(*help);
  if (line.verb == nullptr && line.arguments.has("--version")) line.verb = find_verb("version");
  if (line.verb == nullptr) {
    const std::string text = line.noun.empty() ? overview(false) : noun_help(line.noun);
    std::fputs(text.c_str(), stderr);
    return exit_code::kUsage;
  }
  if (line.verb->plane != Plane::kLocal) {
    if (const auto applied = apply_profile(line.arguments); !applied) {
      console.fail(applied.error());
      return applied.error().exit;
    }
  }
  return line.arguments.has("--watch") ? run_watching(line, console) : run_once(line, console);
}

}  // namespace relay::ctl
