// The link of a node that carries commands. Loop thread only.
//
// It outlives its connections: open() makes one, close() gives it up and answers what it carried. A
// connection is ready when the server is known for a master, the append script is loaded and the server's
// clock is known.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "storage/redis/redis_link.hpp"

namespace relay::redis {

class CommandLink {
 public:
  struct Events {
    std::function<void()> on_ready;
    std::function<void(const std::string& why)> on_lost;
  };
  // `purpose` ends the connection's name in CLIENT LIST.
  CommandLink(net::IoLoop& loop, const RedisSettings& settings, std::string_view purpose, Events events);
  ~CommandLink();

  void open();
  void close();
  bool ready() const { return ready_; }
  bool connected() const { return link_ && link_->connected(); }
  bool full() const;
  bool overdue(SteadyTime now, Milliseconds timeout) const { return link_ && link_->overdue(now, timeout); }
  std::size_t pending() const { return link_ ? link_->pending() : 0; }
  std::size_t unwritten_bytes() const { return link_ ? link_->unwritten_bytes() : 0; }

  // `encode(std::string& out)` appends exactly one command. REQUIRES: open, not closed.
  template <class Encode>
  void send(Encode&& encode, OnReply on_reply) {
    link_->send(std::forward<Encode>(encode), std::move(on_reply));
  }
  // Sets the clock by the way. `on_time(ms)` of the server, or 0 if there was no answer.
  void ask_time(std::function<void(std::int64_t)> on_time);
  std::int64_t redis_now_ms() const;
  // The master's replication id: it changes with every restart and promotion. Empty: this user may not know
  // it.
  const std::string& replication_id() const { return replication_id_; }

 private:
  void greet();
  void on_replication(const Reply& reply);
  void lost(const std::string& why);

  net::IoLoop& loop_;
  const RedisSettings& settings_;
  const std::string name_;
  const Events events_;
  std::shared_ptr<RedisLink> link_;
  bool ready_ = false;
  std::string replication_id_;
  std::int64_t redis_ms_ = 0;  // Redis's clock ...
  SteadyTime redis_ms_at_{};   // ... at this moment of ours
};

}  // namespace relay::redis
