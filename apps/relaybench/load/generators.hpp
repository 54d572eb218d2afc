// The generator processes as their parent sees them: forked, listened to, ended.
//
// REQUIRES: one thread at fork. Each dies with its parent; destroying this ends those that still run. One
// thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "load/pipe.hpp"
#include "load/station.hpp"

namespace relay::bench {

class Generators {
 public:
  // Errors: kUnavailable "no_processes".
  static Result<Generators> start(RunSetup& setup);
  ~Generators();
  Generators(Generators&&) = default;
  Generators(const Generators&) = delete;
  Generators& operator=(const Generators&) = delete;

  std::size_t count() const { return children_.size(); }
  // Hands on what the generators say, for up to `limit`; returns at the first records. Errors: kInternal
  // "generator_failed" when one is gone that had not written its tally.
  using OnRecord = std::function<void(std::size_t generator, Record record)>;
  Result<void> listen(milliseconds limit, const OnRecord& on_record);
  void tell_all(RecordKind kind, std::string_view bytes);

 private:
  struct Child {
    pid_t pid;
    int from;
    int to;
    RecordReader reader;
    bool ended = false;
    bool has_tally = false;
  };
  Generators() = default;
  std::vector<Child> children_;
};

}  // namespace relay::bench
