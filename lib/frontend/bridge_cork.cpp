#include "frontend/bridge_cork.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

namespace relay::frontend {

BridgeCork::Ticket BridgeCork::enter(const std::string& sender) {
  const std::lock_guard lock(mutex_);
  in_flight_.fetch_add(1);
  const Ticket ticket = next_++;
  senders_[sender].in_flight.insert(ticket);
  return ticket;
}

void BridgeCork::leave(const std::string& sender, Ticket ticket) {
  std::vector<std::pair<Ticket, std::function<void()>>> done;
  {
    const std::lock_guard lock(mutex_);
    const auto found = senders_.find(sender);
    if (found == senders_.end() || found->second.in_flight.erase(ticket) == 0) return;
    in_flight_.fetch_sub(1);
    Sender& entry = found->second;
    const Ticket first =
        entry.in_flight.empty() ? std::numeric_limits<Ticket>::max() : *entry.in_flight.begin();
    const auto open = std::stable_partition(entry.waiting.begin(), entry.waiting.end(),
                                            [&](const auto& waiter) { return waiter.first >= first; });
    std::move(open, entry.waiting.end(), std::back_inserter(done));
    entry.waiting.erase(open, entry.waiting.end());
    if (entry.in_flight.empty()) senders_.erase(found);
  }
  for (const auto& [until, wake] : done) wake();
}

bool BridgeCork::in_flight(std::string_view receiver) const {
  if (in_flight_.load() == 0) return false;
  const std::lock_guard lock(mutex_);
  return senders_.find(receiver) != senders_.end();
}

bool BridgeCork::wait(std::string_view receiver, std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  const auto found = senders_.find(receiver);
  if (found == senders_.end()) return false;
  found->second.waiting.emplace_back(*found->second.in_flight.rbegin(), std::move(wake));
  return true;
}

}  // namespace relay::frontend
