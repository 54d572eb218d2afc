// The link of a node that hears announcements: topics are asked for, confirmed, refused, dropped. Loop thread
// only.
//
// It knows no channels and remembers nothing from one connection to the next: whoever asks keeps what it
// wants. What a turn asks for leaves in commands of at most kBatch topics, one partition each (Redis Cluster
// takes no more). Redis confirms in the order of the commands, topic by topic, so a confirmation that is not
// the next one is Redis's own: with sharded topics, the slot is served elsewhere from now on.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/redis/redis_link.hpp"

namespace relay::redis {

class BusLink {
 public:
  static constexpr std::size_t kBatch = 500;
  // Who asks. An answer to an earlier `life` of a partition's watches is nobody's any more.
  struct Asker {
    std::uint32_t partition = 0;
    std::uint32_t life = 0;
    friend bool operator==(const Asker&, const Asker&) = default;
  };
  struct Events {
    std::function<void()> on_open;
    std::function<void(const std::string& why)> on_lost;
    std::function<void(std::string_view topic, std::string_view bytes)> on_message;
    std::function<void(Asker, std::string_view topic)> on_confirmed;
    std::function<void(Asker, std::string_view error)> on_refused;  // a whole command; the link goes on
    std::function<void(std::string_view topic)> on_dropped;
  };
  BusLink(net::IoLoop& loop, const RedisSettings& settings, Events events);
  ~BusLink();

  void open();
  void close();
  bool is_open() const { return open_; }
  bool connected() const { return link_ && link_->connected(); }
  // Ignored while not open.
  void ask(Asker asker, bool subscribe, std::string topic);

 private:
  struct Ask {
    Asker asker;
    bool subscribe;
    std::string topic;
  };
  struct Sent {
    Asker asker;
    bool subscribe;
    std::vector<std::string> topics;
    std::size_t confirmed = 0;
  };
  void schedule_asks();
  void send_asks();
  void send_one(std::vector<Ask>::iterator begin, std::vector<Ask>::iterator end);
  void on_push(const wire::RespValue& value);
  void on_confirmation(bool subscribe, std::string_view topic);
  void on_error(std::string_view text);

  net::IoLoop& loop_;
  const RedisSettings& settings_;
  const bool sharded_;
  const Events events_;
  std::shared_ptr<RedisLink> link_;
  bool open_ = false;
  std::vector<Ask> asks_;  // of this turn
  bool asks_scheduled_ = false;
  std::deque<Sent> sent_;                                  // and not wholly confirmed
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // posted work looks whether its object is
};

}  // namespace relay::redis
