// A stand-in for relayd that lies in known ways: it acknowledges every publish and then loses, repeats,
// reorders, corrupts or delays what it told it would. It counts each lie as it tells it, so that a test knows
// what relaybench has to find.
//
// It speaks relayd's channels: `GET /v1/events?channel=…` and `POST /v1/channels/C/messages`, one thread of
// its own, memory only, no resume. Call it from one test thread. Throws std::runtime_error when it cannot
// listen.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace relay::test {

// Which messages of a channel are lied about, to every subscriber alike: number n, counted from 1, when n
// modulo `every` is `at`. 0: none.
struct Lie {
  std::uint64_t every = 0;
  std::uint64_t at = 0;
  bool about(std::uint64_t n) const { return every != 0 && n % every == at % every; }
};

struct Lies {
  Lie lose{};                          // acknowledged, never sent
  Lie repeat{};                        // sent twice
  Lie swap{};                          // sent behind its successor
  Lie corrupt{};                       // the last letter of the payload is another
  std::chrono::milliseconds delay{0};  // between the publish and its deliveries
};

class LyingServer {
 public:
  explicit LyingServer(const Lies& lies);
  ~LyingServer();
  LyingServer(const LyingServer&) = delete;
  LyingServer& operator=(const LyingServer&) = delete;

  std::uint16_t port() const { return port_; }

  // Lies told so far, per message and subscriber.
  struct Told {
    std::atomic<std::uint64_t> published{0};  // messages taken
    std::atomic<std::uint64_t> sent{0};       // deliveries, honest or not
    std::atomic<std::uint64_t> lost{0};
    std::atomic<std::uint64_t> repeated{0};
    std::atomic<std::uint64_t> swapped{0};
    std::atomic<std::uint64_t> corrupted{0};
  };
  const Told& told() const { return told_; }
  // The median of how long messages were really held.
  std::chrono::nanoseconds held() const;

 private:
  class Loop;
  void note_held(std::chrono::nanoseconds time);

  const Lies lies_;
  Told told_;
  mutable std::mutex mutex_;  // guards held_
  std::vector<std::chrono::nanoseconds> held_;
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace relay::test
