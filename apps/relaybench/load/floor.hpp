// The floor: the least that one write per message and subscriber can cost on this machine.
//
// A FloorServer is a process of its own with one thread. It speaks as much of relayd's SSE channels as the
// relay driver needs; a publish becomes a frame once, and then it is send(), send(), send(): no queue, no
// store, no order beyond that. run_floor() measures it with the load of a plan. REQUIRES: the calling process
// has one thread. The server ends with its object, or with its parent.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "load/engine.hpp"

namespace relay::bench {

class FloorServer {
 public:
  // On a free port of 127.0.0.1. Errors: kUnavailable "no_floor".
  static relay::Result<FloorServer> start();
  ~FloorServer();
  FloorServer(FloorServer&& other) noexcept;
  FloorServer(const FloorServer&) = delete;
  FloorServer& operator=(const FloorServer&) = delete;
  std::uint16_t port() const { return port_; }
  pid_t pid() const { return pid_; }

 private:
  FloorServer(pid_t pid, std::uint16_t port) : pid_(pid), port_(port) {}
  pid_t pid_;
  std::uint16_t port_;
};

// The same shape, stages and seed against a floor server: over SSE, whatever the plan's target says, and
// without what only a store can do (cursors: nobody is cut off). Errors: those of run().
relay::Result<RunResult> run_floor(const Plan& plan, Progress& progress);

}  // namespace relay::bench
