// The client sockets of a loop: one epoll set, edge-triggered, registered once per socket for its whole life.
//
// An Asio socket costs some 400 bytes of reactor state and pending operation per idle connection; an entry
// here costs nothing in user space, and no system call after the first. The set's own descriptor is what the
// Asio context waits on. Loop thread only.
#pragma once

#include <cstdint>

namespace relay::net {

class Pollable {
 public:
  // `events` are EPOLL* bits. May close *this through the loop's dispose(), not delete it.
  virtual void on_ready(std::uint32_t events) = 0;

 protected:
  ~Pollable() = default;
};

class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  int descriptor() const { return epoll_; }
  // False with errno set if the kernel refuses. REQUIRES: `fd` is closed before `target` dies.
  bool add(int fd, Pollable& target);                  // reading, writing and hang-up, edge-triggered
  bool add_level_triggered(int fd, Pollable& target);  // reading only: listeners
  void remove(int fd);
  // Handles what is ready now, without waiting. True if there may be more already.
  bool dispatch();
  // The object leaves: events already fetched for it are dropped.
  void forget(const Pollable& target);
  // Asks for on_ready(EPOLLIN) again although no new edge will come (the target stopped reading early).
  void again(Pollable& target);

 private:
  static constexpr int kBatch = 256;
  int epoll_;
  struct Batch;
  Batch* batch_;
};

}  // namespace relay::net
