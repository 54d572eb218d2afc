// What all generator processes and their parent see at once: memory shared across fork().
//
// The parent writes `start_ns` and `stop`, the owner of a stream its last sequence
// number, before the message leaves. So a subscriber that is live knows, by looking here, what must come and
// what may have been too early for it. Lock-free atomics only; any process, any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/error.hpp"

namespace relay::bench {

class Board {
 public:
  // Errors: kUnavailable "no_memory".
  static Result<std::unique_ptr<Board>> make(std::uint32_t processes, std::uint32_t streams);
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  // CLOCK_MONOTONIC when the load begins; 0: not yet known.
  std::atomic<std::int64_t>& start_ns() { return head_->start_ns; }
  std::atomic<bool>& stop() { return head_->stop; }  // end the load now, by way of the drain
  // Generators that may still publish.
  std::atomic<std::uint32_t>& publishing() { return head_->publishing; }

  // Sequence numbers begin with 1; 0: nothing was sent.
  std::atomic<std::uint32_t>& sent(std::uint32_t stream) { return sent_[stream]; }

 private:
  struct Head {
    std::atomic<std::int64_t> start_ns{0};
    std::atomic<bool> stop{false};
    alignas(64) std::atomic<std::uint32_t> publishing{0};
  };
  static_assert(std::atomic<std::int64_t>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);
  static constexpr std::size_t kHeadBytes = 256;
  static_assert(sizeof(Head) <= kHeadBytes);

  Board(void* memory, std::size_t bytes, std::uint32_t processes, std::uint32_t streams);

  void* memory_;
  std::size_t bytes_;
  Head* head_;
  std::atomic<std::uint32_t>* sent_;
};

}  // namespace relay::bench
