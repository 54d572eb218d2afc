// The link that hears announcements, and the watches of a loop. Loop thread only.
//
// It outlives its connections; the watches stay when one is lost and are subscribed again, kBatch topics a
// command, on the next. Redis confirms subscriptions in the order of the commands, so a watch needs no number of
// its own: what counts is how many confirmations of its topic are still to come, and what was asked for last.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "hub/storage.hpp"
#include "storage/redis/keyspace.hpp"
#include "storage/redis/redis_link.hpp"

namespace relay::redis {

class BusLink {
 public:
  static constexpr std::size_t kBatch = 500;
  struct Events {
    std::function<void()> on_ready;  // the loop's own probe topic is heard
    std::function<void()> on_whole;  // so is every watch that was there at open()
    std::function<void(const std::string& why)> on_lost;
    std::function<void(hub::DeliveryPtr)> on_message;
    std::function<void()> on_probe;
  };
  BusLink(net::IoLoop& loop, const RedisSettings& settings, const Keyspace& keys, Events events);
  ~BusLink();

  void open();
  void close();
  bool ready() const { return ready_; }
  bool whole() const { return whole_; }
  std::size_t watched() const { return watches_.size(); }

  // REQUIRES: not watched.
  void watch(hub::ChannelName channel, hub::WatchDone done);
  void unwatch(std::string_view channel);
  void expire(SteadyTime now);         // watches unanswered for command_timeout are given up: kUnavailable
  void give_up(const Error& error);    // all unanswered ones

 private:
  struct Watch {
    hub::ChannelName name;
    hub::WatchDone done;         // until it is answered
    std::uint64_t serial = 0;    // of the watch() that is waiting
    std::uint32_t awaited = 0;   // confirmations to come
    bool wanted = true;
  };
  struct Waiting {
    SteadyTime deadline;
    hub::ChannelName name;
    std::uint64_t serial;
  };
  struct Ask {
    bool subscribe;
    hub::ChannelName name;
  };
  void subscribe_all();
  void ask(bool subscribe, Watch& watch);
  void schedule_asks();
  void send_asks();
  void on_push(const wire::RespValue& value);
  void on_confirmed(std::string_view topic);
  void settle(std::string_view channel);
  void check_whole();
  void on_message(std::string_view topic, std::string_view record);
  void expire_one(const Waiting& waiting);

  net::IoLoop& loop_;
  const RedisSettings& settings_;
  const Keyspace& keys_;
  const Events events_;
  const std::string probe_topic_;
  std::shared_ptr<RedisLink> link_;
  bool subscribing_ = false;  // the connection takes SUBSCRIBE
  bool ready_ = false;
  bool whole_ = false;
  std::size_t to_whole_ = 0;  // confirmations until whole

  std::unordered_map<std::string_view, Watch> watches_;  // keys look into Watch::name
  std::deque<Waiting> waiting_;                          // by deadline
  std::vector<Ask> asks_;                                // of this turn
  bool asks_scheduled_ = false;
  std::uint64_t next_serial_ = 1;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // posted work looks whether its object is
};

}  // namespace relay::redis
