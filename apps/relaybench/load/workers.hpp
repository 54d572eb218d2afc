// Workers on other machines as the engine's crew, and the worker's own part (`relaybench worker`).
//
// One TCP connection for control, records as between processes (pipe.hpp):
//     worker        kHello    its version, a nonce
//     coordinator   kProof    HMAC-SHA-256 of the nonce under the secret both know
//     coordinator   kPing …   worker kPong: its wall clock; how far the clocks are apart
//     coordinator   kPlan     its part (plan_bytes.hpp); the worker forks its generators and connects them
//     worker        kInterval (setup) … kReady
//     coordinator   kBegin    when all are ready
//     worker        kInterval …; coordinator kStop ends it early
//     worker        kDrained, kTally; then kPing again
// The connection is not encrypted: it is for a network that one trusts. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/socket.hpp"
#include "load/crew.hpp"
#include "plan.hpp"

namespace relay::bench {

class Workers final : public Crew {
 public:
  // Connects, proves itself, hands out the parts. Errors: kUnavailable "no_worker" with the address and why.
  static Result<std::unique_ptr<Crew>> start(const Plan& plan);

  std::size_t count() const override { return members_.size(); }
  Result<void> listen(std::chrono::milliseconds limit, const OnRecord& on_record) override;
  void begin(std::int64_t start_ns) override;
  void stop() override;
  void judge(std::string_view) override {}  // each has judged its own
  std::vector<WorkerNote> notes() override;

 private:
  struct Member {
    client::Socket socket;
    RecordReader reader;
    WorkerNote note;
    bool has_tally = false;
  };
  static Result<Member> meet(const std::string& address, const std::string& secret);
  void tell_all(RecordKind kind);

  std::vector<Member> members_;
};

// The other end: one coordinator's visit on an accepted descriptor, which it takes over, until that leaves or
// `ended` says so. What it was about in one line for people. REQUIRES: the process has one thread.
std::string serve_coordinator(int fd, const std::string& secret, const std::function<bool()>& ended);

}  // namespace relay::bench
