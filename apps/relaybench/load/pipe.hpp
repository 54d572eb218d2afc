// Records over a pipe or socket between a generator and its parent: kind, size, bytes. Writing blocks until all is
// written; the reader gathers whole records from a non-blocking descriptor. One thread at each end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relay::bench {

enum class RecordKind : std::uint32_t {
  kReady,     // setup is done: everybody is live
  kFailed,    // a generator cannot go on: why, in words
  kInterval,  // an IntervalTally
  kDrained,   // the exceptions of its publishers: what was not acknowledged
  kJudge,     // from the parent: the exceptions of all
  kTally,     // the end
  // With workers on other machines (workers.hpp).
  kHello,
  kProof,
  kPing,
  kPong,
  kPlan,
  kBegin,
  kStop,
};

struct Record {
  RecordKind kind;
  std::string bytes;
};

// False: the other end is gone.
bool write_record(int fd, RecordKind kind, std::string_view bytes);
// Waits for one. Nothing: the other end is gone.
std::optional<Record> read_record(int fd);

class RecordReader {
 public:
  explicit RecordReader(int fd) : fd_(fd) {}
  // Reads what is there. False: the other end is gone (records read before may still be taken).
  bool read();
  std::optional<Record> next();

 private:
  int fd_;
  std::string bytes_;
};

}  // namespace relay::bench
