// A listening socket of one loop. Every loop has its own on the same port (SO_REUSEPORT): the kernel spreads
// the connections, and no accepted socket ever moves. Loop thread only, but open().
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "net/address.hpp"
#include "net/io_loop.hpp"
#include "net/poller.hpp"

namespace relay::net {

// A bound, listening, non-blocking descriptor. For port 0 `bound` says which it became. Unix sockets get
// `mode` and replace a stale file; a live one is an error. Any thread.
struct Bound {
  int fd = -1;
  Endpoint endpoint;
};
Result<Bound> open_listener(const Endpoint& endpoint, bool reuse_port, unsigned mode = 0660);

// Whether open_listener() would succeed, without a trace: what is there, left over or live, stays. Any
// thread.
Result<bool> try_listener(const Endpoint& endpoint);

class Listener final : public Pollable {
 public:
  // Takes a non-blocking descriptor over.
  using OnAccept = std::function<void(int fd, const IpAddress& peer)>;
  // Takes `bound.fd` over. Accepts from start() until stop().
  Listener(IoLoop& loop, Bound bound, OnAccept on_accept);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  const Endpoint& endpoint() const { return bound_.endpoint; }
  void start();
  void stop();  // closes; connections waiting in the kernel's queue are reset

 private:
  void on_ready(std::uint32_t events) override;
  void refuse_one();

  IoLoop& loop_;
  Bound bound_;
  OnAccept on_accept_;
  int spare_;  // given up for a moment when descriptors run out, to accept and close instead of spinning
};

}  // namespace relay::net
