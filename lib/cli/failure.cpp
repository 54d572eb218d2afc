#include "cli/failure.hpp"

#include "base/bytes.hpp"

namespace relay::cli {

int exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
      return exit_code::kUsage;
    case ErrorKind::kTooLarge:
    case ErrorKind::kUnsupported:
      return exit_code::kData;
    case ErrorKind::kDenied:
      return exit_code::kDenied;
    case ErrorKind::kNotFound:
    case ErrorKind::kConflict:
      return exit_code::kNo;
    case ErrorKind::kLimited:
    case ErrorKind::kUnknown:
      return exit_code::kTryAgain;
    case ErrorKind::kUnavailable:
      return exit_code::kUnavailable;
    case ErrorKind::kInternal:
      return exit_code::kSoftware;
  }
  return exit_code::kSoftware;
}

Failure failure_of(const Error& error, std::string what) {
  return {exit_code_of(error.kind), std::move(what), error.message, {}};
}

std::string text_of(const Failure& failure, std::string_view program) {
  std::string out = std::string(program) + ": " + failure.what + "\n";
  for (const std::string* part : {&failure.why, &failure.fix}) {
    if (part->empty()) continue;
    for (const std::string_view line : split(*part, '\n')) out += "  " + std::string(line) + "\n";
  }
  return out;
}

}  // namespace relay::cli
