// What went wrong, for a person: one line what, one line why, one line what to do; and the exit code.
//
// A Failure is born where the trouble is understood and printed in one place, where the program ends. Values;
// any thread.
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/exit_code.hpp"

namespace relay::cli {

struct Failure {
  Failure() = default;
  // A constructor of its own: an aggregate could be made of a bare number, and Outcome<number> would be
  // ambiguous.
  Failure(int its_exit, std::string its_what, std::string its_why = {}, std::string its_fix = {})
      : exit(its_exit), what(std::move(its_what)), why(std::move(its_why)), fix(std::move(its_fix)) {}

  int exit = exit_code::kSoftware;
  std::string what;
  std::string why;  // may be several lines
  std::string fix;
};

// Either a T or a Failure. `.value()` on a Failure is a bug.
template <class T>
using Outcome = boost::system::result<T, Failure>;

[[noreturn]] inline void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
  throw std::runtime_error(failure.what);
}

inline Failure usage(std::string what, std::string fix = {}) {
  return {exit_code::kUsage, std::move(what), {}, std::move(fix)};
}

// The one place where an error of lib/ becomes an exit code.
int exit_code_of(ErrorKind kind);
Failure failure_of(const Error& error, std::string what);

// "PROGRAM: what" and the indented lines below it.
std::string text_of(const Failure& failure, std::string_view program);

}  // namespace relay::cli
