#include "net/poller.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

namespace relay::net {

struct Poller::Batch {
  epoll_event events[kBatch];
  int count = 0;
  int next = 0;                    // events before it are handled
  std::vector<Pollable*> again;    // asked for during this dispatch, for the next
  std::vector<Pollable*> running;  // asked for before, being handled
};

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)), batch_(new Batch) {
  if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

Poller::~Poller() {
  ::close(epoll_);
  delete batch_;
}

bool Poller::add(int fd, Pollable& target) {
  epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {&target}};
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool Poller::add_level_triggered(int fd, Pollable& target) {
  epoll_event event{EPOLLIN, {&target}};
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void Poller::remove(int fd) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
}

// Hot: every byte from a client enters here.
bool Poller::dispatch() {
  Batch& batch = *batch_;
  batch.running.swap(batch.again);
  for (std::size_t i = 0; i < batch.running.size(); ++i) {
    // Edges that came meanwhile are used up, the end of input perhaps among them: it has to read until
    // nothing is left.
    if (batch.running[i] != nullptr) batch.running[i]->on_ready(EPOLLIN | EPOLLRDHUP);
  }
  batch.running.clear();
  batch.count = std::max(0, epoll_wait(epoll_, batch.events, kBatch, 0));
  for (batch.next = 0; batch.next < batch.count;) {
    epoll_event& event = batch.events[batch.next++];
    if (event.data.ptr != nullptr) static_cast<Pollable*>(event.data.ptr)->on_ready(event.events);
  }
  return batch.count == kBatch || !batch.again.empty();
}

void Poller::forget(const Pollable& target) {
  Batch& batch = *batch_;
  for (int i = batch.next; i < batch.count; ++i) {
    if (batch.events[i].data.ptr == &target) batch.events[i].data.ptr = nullptr;
  }
  std::replace(batch.running.begin(), batch.running.end(), const_cast<Pollable*>(&target),
               static_cast<Pollable*>(nullptr));
  std::erase(batch.again, &target);
}

void Poller::again(Pollable& target) {
  batch_->again.push_back(&target);
}

}  // namespace relay::net
