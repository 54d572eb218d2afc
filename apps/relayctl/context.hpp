// What a verb works with: its arguments, its output, and the way to relayd or to the store. One thread.
#pragma once

#include <optional>

#include "cli/arguments.hpp"
#include "cli/console.hpp"
#include "cli/output.hpp"
#include "live.hpp"
#include "settings.hpp"
#include "verb.hpp"

namespace relay::ctl {

class Context {
 public:
  Context(const Verb& its_verb, const Arguments& its_arguments, Console& its_console, Output& its_output)
      : verb(its_verb),
        arguments(its_arguments),
        console(its_console),
        output(its_output),
        form_(its_verb.form()) {}

  const Verb& verb;
  const Arguments& arguments;
  Console& console;
  Output& output;

  // The running relayd; connects at the first call.
  Outcome<Live*> live() {
    if (!live_) {
      auto live = Live::connect(arguments, console);
      if (!live) return live.error();
      live_ = std::move(*live);
    }
    return &*live_;
  }
  // Where the store is, for the stored plane.
  Outcome<options::Options> stored() const { return stored_settings(arguments); }

  // The columns of the verb's form.
  const std::vector<Column>& columns() const { return form_.columns; }

  // The verb's exit code after this.
  int fail(const Failure& failure) const {
    console.fail(failure);
    return failure.exit;
  }
  int finish(const Outcome<void>& outcome) const { return outcome ? exit_code::kOk : fail(outcome.error()); }

 private:
  const Form form_;
  std::optional<Live> live_;
};

}  // namespace relay::ctl
