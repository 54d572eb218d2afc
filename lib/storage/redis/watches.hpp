// The watches of one partition: what is wanted, and how many confirmations of it are to come. No I/O; loop
// thread only.
//
// They outlive connections: begin_life() asks for all of them anew, and what was asked for before is
// nobody's. Confirmations come in the order of the asks, so a watch needs no number of its own: what counts
// is how many of its topic are still to come, and what was asked for last.
#pragma once

#include <deque>
#include <functional>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "hub/storage.hpp"

namespace relay::redis {

class Watches {
 public:
  // Asks Redis for a channel's topic, or for no more of it.
  using Ask = std::function<void(bool subscribe, const hub::ChannelName& channel)>;
  explicit Watches(Ask ask) : ask_(std::move(ask)) {}

  std::size_t size() const { return watches_.size(); }
  // The name of a channel that is wanted; null if it is not.
  const hub::ChannelName* find(std::string_view channel) const;

  // REQUIRES: not watched. Unanswered at `deadline`, it is given up: kUnavailable.
  void watch(hub::ChannelName channel, hub::WatchDone done, SteadyTime deadline);
  void unwatch(std::string_view channel);
  // A link is there that takes asks, or no longer.
  void begin_life();
  void end_life();
  void on_confirmed(std::string_view channel);

  void expire(SteadyTime now);
  void give_up(const Error& error);  // all unanswered ones

 private:
  struct Watch {
    hub::ChannelName name;
    hub::WatchDone done;        // until it is answered
    std::uint64_t serial = 0;   // of the watch() that is waiting
    std::uint32_t awaited = 0;  // confirmations to come
    bool wanted = true;
  };
  struct Waiting {
    SteadyTime deadline;
    hub::ChannelName name;
    std::uint64_t serial;
  };
  void ask(bool subscribe, Watch& watch);
  void expire_one(const Waiting& waiting);

  const Ask ask_;
  bool alive_ = false;
  std::unordered_map<std::string_view, Watch> watches_;  // keys look into Watch::name
  std::deque<Waiting> waiting_;                          // by deadline
  std::uint64_t next_serial_ = 1;
};

}  // namespace relay::redis
