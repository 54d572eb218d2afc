// A blocking stream socket with a deadline on every wait. POSIX sockets and poll(2); no event loop.
//
// One object per connection, one thread at a time; owns its descriptor. Errors: "connect_failed", "timeout"
// and "connection_lost" (kUnavailable).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "net/address.hpp"

namespace relay::client {

inline SteadyTime deadline_in(Milliseconds timeout) {
  return std::chrono::steady_clock::now() + timeout;
}

class Socket {
 public:
  // Tries every address of the host. Names are resolved by the system, which has limits of its own.
  static Result<Socket> connect(const net::Endpoint& endpoint, SteadyTime deadline);

  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}  // takes it over
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  ~Socket() { close(); }

  bool open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

  Result<void> send(std::string_view bytes, SteadyTime deadline);
  // Appends what there is, waiting for the first byte. False at the end of the stream.
  Result<bool> receive(std::string& into, SteadyTime deadline);
  void shut_down_writing();
  void close();

 private:
  Result<void> wait(short events, SteadyTime deadline) const;
  Result<void> finish_connect(const void* address, unsigned size, SteadyTime deadline);

  int descriptor_ = -1;
};

}  // namespace relay::client
