// One connection to one Redis server: commands out in order, replies in. Loop thread only.
//
// What a turn of the loop sends leaves in one write. Whoever opened the link closes it; until then (and while
// handlers of the stream are on their way) it keeps itself alive. It has no timers: its owner asks overdue().
//
// A link is lost at the first error of the stream, the protocol or the handshake: on_lost comes once, and the
// owner then calls close(), which answers what is pending. `written` of such an answer tells a command that
// no byte of was handed to the socket from one that Redis may have run.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/io_loop.hpp"
#include "storage/redis/settings.hpp"
#include "storage/redis/stream.hpp"
#include "wire/resp.hpp"

namespace relay::redis {

struct Reply {
  const wire::RespValue* value = nullptr;  // null: the link was lost
  bool written = true;
};
using OnReply = std::function<void(const Reply&)>;

class RedisLink : public std::enable_shared_from_this<RedisLink> {
 public:
  struct Events {
    std::function<void()> on_open;                        // authenticated, database selected
    std::function<void(const std::string& why)> on_lost;  // once, not after close()
    std::function<void(const wire::RespValue&)> on_push;  // a value that no command waits for
  };
  // `name` is what CLIENT LIST shows.
  RedisLink(net::IoLoop& loop, const RedisSettings& settings, std::string name, Events events);
  void open();
  void close();    // answers what is pending; nothing is called afterwards
  void abandon();  // the same without answers

  // `encode(std::string& out)` appends exactly one command.
  template <class Encode>
  void send(Encode&& encode, OnReply on_reply) {
    pending_.push_back({std::move(on_reply), loop_.clock().steady()});
    encode(out_);
    schedule_flush();
  }
  // Any number of commands that are answered by pushes.
  template <class Encode>
  void send_unanswered(Encode&& encode) {
    encode(out_);
    schedule_flush();
  }
  bool connected() const { return connected_; }  // the greeting may be on its way
  std::size_t pending() const { return pending_.size(); }
  std::size_t unwritten_bytes() const { return out_.size() + writing_.size(); }
  // The oldest command waits for longer than `timeout`.
  bool overdue(SteadyTime now, Milliseconds timeout) const {
    return !pending_.empty() && now - pending_.front().queued > timeout;
  }

 private:
  struct Pending {
    OnReply on_reply;
    SteadyTime queued;
  };
  void greet();
  void schedule_flush();
  void flush();
  void read();
  void take(std::string_view bytes);
  bool dispatch(const wire::RespValue& value);
  void lose(const std::string& why);
  void shut();

  net::IoLoop& loop_;
  const RedisSettings& settings_;
  const std::string name_;
  Events events_;
  std::unique_ptr<ByteStream> stream_;
  wire::RespReader reader_;
  std::vector<char> input_;

  std::deque<Pending> pending_;  // written and unwritten, in order
  std::size_t written_ = 0;      // so many of the first in pending_ were handed to the socket
  std::string out_;              // what the next write takes
  std::string writing_;          // what the socket has been given
  bool connected_ = false;
  bool flush_scheduled_ = false;
  bool closed_ = false;
};

}  // namespace relay::redis
