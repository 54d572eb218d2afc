#include "net/timers.hpp"

#include <algorithm>

namespace relay::net {

void TimerNode::unlink() {
  if (next_ == nullptr) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = nullptr;
}

TimerWheel::TimerWheel(const Clock& clock) : clock_(clock), advanced_(clock.steady()) {
  for (Head& head : slots_) head.previous_ = head.next_ = &head;
}

TimerWheel::~TimerWheel() {
  for (Head& head : slots_) {
    while (head.next_ != &head) head.next_->unlink();
    head.previous_ = head.next_ = nullptr;
  }
}

void TimerWheel::link_behind(TimerNode& head, TimerNode& node) {
  node.previous_ = head.previous_;
  node.next_ = &head;
  head.previous_->next_ = &node;
  head.previous_ = &node;
}

void TimerWheel::schedule(TimerNode& node, Milliseconds delay) {
  node.unlink();
  // Part of the running tick is over: the delay counts from now, not from its beginning.
  const auto over = std::chrono::duration_cast<Milliseconds>(clock_.steady() - advanced_);
  const auto from_tick = delay + std::clamp(over, Milliseconds{0}, kTick);
  const auto ticks = std::max<std::int64_t>(1, (from_tick.count() + kTick.count() - 1) / kTick.count());
  node.due_ = now_ + static_cast<std::uint32_t>(ticks);
  link_behind(slots_[node.due_ % kSlots], node);
}

void TimerWheel::advance() {
  ++now_;
  advanced_ = clock_.steady();
  Head& slot = slots_[now_ % kSlots];
  // What is due moves to a list of its own first: on_timer() may schedule into this very slot.
  Head due;
  due.previous_ = due.next_ = &due;
  for (TimerNode* node = slot.next_; node != &slot;) {
    TimerNode* next = node->next_;
    if (node->due_ == now_) {
      node->unlink();
      link_behind(due, *node);
    }
    node = next;
  }
  while (due.next_ != &due) {
    TimerNode* node = due.next_;
    node->unlink();
    node->on_timer();
  }
  due.previous_ = due.next_ = nullptr;
}

}  // namespace relay::net
