// What a command of relaybench is, and what it works with.
//
// commands.hpp has the table of all of them. A command gets a Context and returns an exit code. One thread.
#pragma once

#include <string>
#include <string_view>

#include "cli/arguments.hpp"
#include "cli/console.hpp"
#include "cli/failure.hpp"
#include "cli/form.hpp"

namespace relay::bench {

class Context {
 public:
  Context(std::string_view its_name, const cli::Arguments& its_arguments, const cli::Console& its_console,
          std::string_view its_commit)
      : name(its_name), arguments(its_arguments), console(its_console), commit(its_commit) {}

  const std::string_view name;  // of the command
  const cli::Arguments& arguments;
  const cli::Console& console;
  const std::string_view commit;  // that the program was built from; may be empty

  bool json() const { return arguments.text_or("--output", "text") == "json"; }
  bool color() const;  // on standard output
  // Data, on standard output; kIo when it is gone.
  int print(std::string_view text) const;
  int fail(const cli::Failure& failure) const {
    console.fail(failure);
    return failure.exit;
  }
};

struct Command {
  std::string_view name;
  std::string_view help;  // one line without a full stop
  cli::Form (*form)();
  int (*run)(Context& context);
  bool measures = false;  // takes the knobs of a run
};

}  // namespace relay::bench
