// The sends of one turn in one system call (io_uring), to any number of sockets.
//
// Used synchronously: add() notes a send, submit() hands all of them to the kernel and returns when each has
// its answer. No send waits for its socket, so what comes back is what sendmsg(MSG_DONTWAIT) would have said
// of one after the other; readiness stays with the Poller. One thread: the one that opened it.
//
// Not every kernel lets a process have a ring (containers, hardened hosts), and not every build has liburing:
// open() then returns nullptr, and the caller writes to each socket by itself.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>

namespace relay::net {

class Connection;

class SendRing {
 public:
  static constexpr std::size_t kMaxSends = 64;  // in one submit()
  static constexpr std::size_t kMaxPieces = 8;  // in one send

  struct Outcome {
    Connection* connection;
    std::size_t wanted;  // bytes
    ssize_t sent;        // bytes; -1: see `error`
    int error;           // errno of that send
  };

  static std::unique_ptr<SendRing> open();  // nullptr: there is none to be had, errno says why
  ~SendRing();
  SendRing(const SendRing&) = delete;
  SendRing& operator=(const SendRing&) = delete;

  bool full() const;
  // Room for the pieces of the next send. REQUIRES: !full().
  std::span<iovec> pieces();
  // The next send: the first `count` of pieces(), `wanted` bytes together, which stay where they are until
  // submit(). REQUIRES: 0 < count.
  void add(Connection& connection, int fd, std::size_t count, std::size_t wanted);
  // In the order of add(); valid until the next one.
  std::span<const Outcome> submit();
  // The errno with which the kernel failed the ring itself; 0: it did not. What it had not taken was sent
  // without it, and the ring is of no more use.
  int error() const;

 private:
  struct Impl;
  explicit SendRing(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace relay::net
