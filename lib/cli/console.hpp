// The talk beside the data: notes, traces and questions, all on standard error. One thread.
#pragma once

#include <string>
#include <string_view>

#include "cli/arguments.hpp"
#include "cli/failure.hpp"

namespace relay::cli {

enum class Answer { kYes, kNo, kDryRun };

class Console {
 public:
  // `program` is the name that failures begin with.
  Console(std::string_view program, const Arguments& arguments);

  void say(std::string_view line) const;     // not with --quiet
  void detail(std::string_view line) const;  // with --verbose
  void trace(std::string_view line) const;   // with --trace
  void warn(std::string_view line) const;
  void fail(const Failure& failure) const;
  bool color() const { return color_; }
  bool tracing() const { return trace_; }

  // Asks before something is destroyed. `plan` says with counts what will be done ("1 instance and its 612
  // keys go"); `question` is the one to answer. Whoever must be sure types `word` instead of y. -y answers
  // kYes, --dry-run kDryRun; without a terminal, or with --no-input, it is a usage failure (64).
  Outcome<Answer> ask(std::string_view plan, std::string_view question, std::string_view word = {}) const;
  bool dry_run() const { return dry_run_; }

 private:
  std::string program_;
  bool quiet_;
  bool verbose_;
  bool trace_;
  bool yes_;
  bool dry_run_;
  bool no_input_;
  bool color_;
};

}  // namespace relay::cli
