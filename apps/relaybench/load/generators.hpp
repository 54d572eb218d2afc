// The generator processes as their parent sees them: forked, listened to, ended.
//
// REQUIRES: one thread at fork. Each dies with its parent; destroying this ends those that still run. One
// thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "load/crew.hpp"
#include "load/station.hpp"

namespace relay::bench {

class Generators final : public Crew {
 public:
  // `setup` lives as long as they do. Errors: kUnavailable "no_processes".
  static Result<std::unique_ptr<Crew>> start(RunSetup& setup);
  ~Generators() override;
  Generators(const Generators&) = delete;
  Generators& operator=(const Generators&) = delete;

  std::size_t count() const override { return children_.size(); }
  Result<void> listen(milliseconds limit, const OnRecord& on_record) override;
  void begin(std::int64_t start_ns) override { board_.start_ns() = start_ns; }
  void stop() override { board_.stop() = true; }
  void judge(std::string_view exceptions) override;

 private:
  struct Child {
    pid_t pid;
    int from;
    int to;
    RecordReader reader;
    bool ended = false;
    bool has_tally = false;
  };
  explicit Generators(Board& board) : board_(board) {}

  Board& board_;
  std::vector<Child> children_;
};

}  // namespace relay::bench
