// Keeps an answer from overtaking the acknowledgement of what it answers.
//
// A dApp POSTs a request and listens for the wallet's answer on its stream. The TON Connect SDK knows of the
// request only when the POST is acknowledged; an answer that comes before is dropped and the dApp waits for
// ever. With Redis the wallet hears of the message while the store's answer is still on its way to the loop
// that acknowledges. So a message for client id X waits while POSTs that X sent are unanswered on this
// instance: those that were in flight when it came, no later ones, so that nobody can hold a stream up by
// sending on. Each POST is answered within publish.timeout, which bounds the wait.
//
// Any thread. Wake-ups run on the thread that answers the POST: they must only post.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace relay::frontend {

class BridgeCork {
 public:
  using Ticket = std::uint64_t;
  // A POST of `sender` begins; leave() when its answer was written.
  Ticket enter(const std::string& sender);
  void leave(const std::string& sender, Ticket ticket);

  // False if no POST of `receiver` is in flight; otherwise `wake` is called once, when those in flight now
  // are answered.
  bool wait(std::string_view receiver, std::function<void()> wake);
  // Whether wait() would be true now. Hot: once per message and stream, and nearly always the counter says
  // no.
  bool in_flight(std::string_view receiver) const;

 private:
  struct Sender {
    std::set<Ticket> in_flight;
    std::vector<std::pair<Ticket, std::function<void()>>>
        waiting;  // until everything up to the ticket is answered
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::atomic<std::size_t> in_flight_{0};  // of all senders
  mutable std::mutex mutex_;
  Ticket next_ = 0;
  std::unordered_map<std::string, Sender, Hash, std::equal_to<>> senders_;
};

}  // namespace relay::frontend
