// Errors, by what the caller should do next.
//
// An Error is born once, where the fault is seen, with a kind; it is turned into an HTTP status, a
// WebSocket close code, a JSON body or an exit code in exactly one place per front-end. Values; any thread.
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace relay {

enum class ErrorKind {
  kInvalid,      // the request is wrong and will stay wrong: mend it (400)
  kTooLarge,     // smaller, please (413)
  kUnsupported,  // this form of data is not taken here (415)
  kDenied,       // not allowed (403)
  kNotFound,     // no such thing (404)
  kConflict,     // the same key was used for something else (409)
  kLimited,      // too much from you just now: wait and retry (429)
  kUnavailable,  // nothing was stored; retry later (503)
  kUnknown,      // it may or may not have been stored; retry with the same Idempotency-Key (504)
  kInternal,     // our bug (500)
};

struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string code;     // stable, machine-readable, snake_case: "bad_channel"
  std::string message;  // one line for people
};

// Either a T or an Error. `.value()` on an Error throws std::runtime_error: a bug, never control flow.
template <class T>
using Result = boost::system::result<T, Error>;

[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::runtime_error(error.code + ": " + error.message);
}

inline Error make_error(ErrorKind kind, std::string code, std::string message) {
  return Error{kind, std::move(code), std::move(message)};
}

}  // namespace relay
