// What the sessions of one loop share, and what all loops of the process share.
//
// LoopContext belongs to its loop. Shared is made by server/ before the loops run and outlives them; its
// members say who may touch them. Neither owns a session.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "hub/hubs.hpp"
#include "hub/storage.hpp"
#include "metrics/loop_metrics.hpp"
#include "net/address.hpp"
#include "net/io_loop.hpp"
#include "options/options.hpp"

namespace relay::hub {
class Registry;
}
namespace relay::net {
class Connection;
class ConnectionSet;
}  // namespace relay::net
namespace relay::metrics {
class Exposition;
class RequestSeries;
}  // namespace relay::metrics

namespace relay::frontend {

class AdminState;
class BridgeState;
class InstanceOrders;
class Operations;
struct LoopContext;

inline constexpr std::string_view kVersion = RELAY_VERSION;

// Options as the sessions use them; immutable, replaced whole on reload.
struct Settings {
  options::Options options;
  std::vector<net::IpRange> trusted_proxies;
};

// Who listens, as an operator sees it: a stream, a WebSocket, a long poll.
class Listening {
 public:
  virtual ~Listening() = default;
  virtual hub::SubscriberInfo info() const = 0;
  virtual std::vector<hub::ChannelName> channels() const = 0;
  // A broadcast or a direct message, which needs no subscription. False: it takes none, or not yet.
  virtual bool take_unasked(hub::Delivery&) { return false; }
};

struct Shared {
  std::string instance_id;
  std::string_view commit;  // that the program was built from; empty: not known
  std::int64_t started_ms = 0;
  metrics::Exposition* exposition = nullptr;
  metrics::RequestSeries* request_series = nullptr;  // of the bridge's routes
  std::vector<LoopContext*> loops;                   // complete before the loops run
  hub::Registry* registry = nullptr;  // the first loop's alone; ask it by frontend/instances.hpp
  std::atomic<bool> draining{false};
  std::atomic<bool> reload_failed{false};
  std::shared_ptr<BridgeState> bridge;  // what the bridge keeps over all loops
  std::shared_ptr<AdminState> admin;
  std::shared_ptr<InstanceOrders> orders;  // the first loop's alone
  Operations* operations = nullptr;        // complete before the loops run
  std::size_t capacity = 0;                // clients that fit
};

struct LoopContext {
  LoopContext(net::IoLoop& its_loop, metrics::LoopMetrics& its_metrics, Shared& its_shared,
              std::shared_ptr<const Settings> its_settings);

  net::IoLoop& loop;
  metrics::LoopMetrics& metrics;
  Shared& shared;
  std::shared_ptr<const Settings> settings;
  hub::Hubs hub;
  std::unique_ptr<hub::Store> storage;

  net::ConnectionSet* connections = nullptr;  // the public ones; the worker's

  std::string client_id(std::uint32_t number) const;  // "<instance>.<loop>.<number>"

  // All who listen on this loop, by number. A session enlists when it is made and is delisted when it ends.
  struct Client {
    net::Connection* connection;
    Listening* who;
  };
  std::map<std::uint32_t, Client> listening;
  std::uint32_t enlist(net::Connection& connection, Listening& who);
  void delist(std::uint32_t number);
  // Whether the message is for all but this client.
  bool is_excluded(std::uint32_t number, const hub::Message& message) const {
    const std::span<const std::string> exclude = message.exclude();
    return !exclude.empty() && std::find(exclude.begin(), exclude.end(), client_id(number)) != exclude.end();
  }

  // Copied by the loop every tick, read by the operator's handlers from any thread.
  struct Health {
    std::vector<hub::NodeHealth> nodes;
    bool healing = false;
  };
  void copy_health();
  Health health() const;

 private:
  std::uint32_t next_client_ = 1;
  mutable std::mutex health_mutex_;
  Health health_;
};

// A client id taken apart; nothing if it is not one.
struct ClientId {
  std::string instance;
  std::size_t loop = 0;
  std::uint32_t number = 0;
  static std::optional<ClientId> parse(std::string_view text);
};

// What gather_in_turns() has under way. Each result is its loop's until it is whole.
template <class T>
struct Gathering : std::enable_shared_from_this<Gathering<T>> {
  LoopContext& here;
  const std::function<bool(LoopContext&, T&)> work;
  const std::function<void(std::vector<T>)> done;
  std::vector<T> results;
  std::size_t missing;

  Gathering(LoopContext& its_loop, std::function<bool(LoopContext&, T&)> its_work,
            std::function<void(std::vector<T>)> its_done)
      : here(its_loop),
        work(std::move(its_work)),
        done(std::move(its_done)),
        results(here.shared.loops.size()),
        missing(results.size()) {}
  void turn(std::size_t number) {
    LoopContext& there = *here.shared.loops[number];
    there.loop.post([self = this->shared_from_this(), number, &there] {
      if (self->work(there, self->results[number])) return self->turn(number);
      self->here.loop.post([self] {
        if (--self->missing == 0) self->done(std::move(self->results));
      });
    });
  }
};

// Runs `work` on every loop until it says that nothing is left to do, a part in each turn of the loop, so
// that no loop is held up; then `done` on the calling loop with all results, in the order of the loops.
// Thread hops: a post to each loop for each part, one back. REQUIRES: called on a loop.
template <class T>
void gather_in_turns(LoopContext& here, std::function<bool(LoopContext&, T&)> work,
                     std::function<void(std::vector<T>)> done) {
  const auto all = std::make_shared<Gathering<T>>(here, std::move(work), std::move(done));
  for (std::size_t i = 0; i < all->results.size(); ++i) all->turn(i);
}

// The same for work that is done at once.
template <class T>
void gather(LoopContext& here, std::function<T(LoopContext&)> work,
            std::function<void(std::vector<T>)> done) {
  gather_in_turns<T>(
      here,
      [work = std::move(work)](LoopContext& there, T& result) {
        result = work(there);
        return false;
      },
      std::move(done));
}

}  // namespace relay::frontend
