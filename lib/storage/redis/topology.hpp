// Who serves which partition: the one thing in which a single server, Sentinel and Cluster differ. Loop
// thread only.
//
// A single server is what the settings say. Sentinels are asked for the master, five times a second; while it
// does not answer, one after another. A sentinel that has not heard of a failover yet names the former
// master, whose answers look well: of two that differ the one with the higher config epoch counts, until
// nobody has confirmed it for five seconds. The nodes of a cluster are asked (CLUSTER NODES) when one of them
// says that something moved, when a partition is not served, and every ten seconds; of two answers the one
// with the higher config epoch counts.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "net/io_loop.hpp"
#include "storage/redis/settings.hpp"
#include "wire/resp.hpp"

namespace relay::redis {

class Topology {
 public:
  // By partition; nothing where nobody is known to serve it.
  using Map = std::vector<std::optional<options::RedisHost>>;
  using OnMap = std::function<void(const Map&)>;

  virtual ~Topology() = default;
  virtual void start() = 0;  // the first map may come before this returns
  virtual void stop() {}
  // Something is not as the map says.
  virtual void refresh() {}
  // Every 100 ms. `served`: every partition has a node that answers.
  virtual void tick(SteadyTime now, bool served) = 0;
  // An answer to CLUSTER NODES that came by a node's own link.
  virtual void learn(const wire::RespValue&, const options::RedisHost&) {}
  // Why nobody tells; empty: somebody does.
  virtual std::string trouble() const { return {}; }
};

// `tags`: the partitions' hash tags (slots.hpp). `settings` outlives it.
std::unique_ptr<Topology> make_topology(net::IoLoop& loop, const RedisSettings& settings,
                                        const std::vector<std::string>& tags, Topology::OnMap on_map);

}  // namespace relay::redis
