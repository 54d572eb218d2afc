#include "run.hpp"

#include <cstdio>

#include "cli/command_line.hpp"
#include "cli/completion.hpp"
#include "cli/help.hpp"
#include "cli/interrupt.hpp"
#include "cli/terminal.hpp"
#include "context.hpp"
#include "profiles.hpp"
#include "program.hpp"
#include "verbs.hpp"

namespace relay::ctl {
namespace {

constexpr Milliseconds kDefaultPause{2000};

int print(const std::string& text) {
  return std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? exit_code::kIo : exit_code::kOk;
}

int run_once(const Verb& verb, const Arguments& arguments, Console& console) {
  auto output = Output::make(arguments);
  if (!output) {
    console.fail(output.error());
    return output.error().exit;
  }
  Context context(verb, arguments, console, *output);
  return verb.run(context);
}

// -w: again and again until something fails or somebody interrupts.
int run_watching(const Verb& verb, const Arguments& arguments, Console& console) {
  const auto pause = arguments.duration("--watch", kDefaultPause);
  if (!pause) {
    console.fail(pause.error());
    return pause.error().exit;
  }
  catch_interrupts();
  const bool screen = terminal_columns(1) > 0;
  while (true) {
    if (screen) std::fputs("\x1b[H\x1b[2J", stdout), std::fflush(stdout);
    const int code = run_once(verb, arguments, console);
    if (code != exit_code::kOk && code != exit_code::kNo) return code;
    if (!pause_for(*pause)) return exit_code::kInterrupted;
  }
}

}  // namespace

int run(const std::vector<std::string>& words) {
  set_up_locale();
  if (!words.empty() && words.front() == "__complete")
    return complete(program(), {words.begin() + 1, words.end()});
  CommandLine line = read_command_line(program(), words);
  Console console(program().name, line.arguments);
  if (line.failure) {
    console.fail(*line.failure);
    return line.failure->exit;
  }
  if (const auto help = line.wanted_help(program())) return print(*help);
  const Verb* verb = line.command != nullptr           ? find_verb(line.command->path)
                     : line.arguments.has("--version") ? find_verb("version")
                                                       : nullptr;
  if (verb == nullptr) {
    const std::string text = line.noun.empty() ? overview(program(), false) : noun_help(program(), line.noun);
    std::fputs(text.c_str(), stderr);
    return exit_code::kUsage;
  }
  if (verb->plane != Plane::kLocal) {
    if (const auto applied = apply_profile(line.arguments); !applied) {
      console.fail(applied.error());
      return applied.error().exit;
    }
  }
  return line.arguments.has("--watch") ? run_watching(*verb, line.arguments, console)
                                       : run_once(*verb, line.arguments, console);
}

}  // namespace relay::ctl
