// GET /admin/v1/status and /admin/v1/ping: how this instance is.
#include <unistd.h>

#include <algorithm>
#include <map>

#include "frontend/admin_handlers.hpp"
#include "frontend/admin_json.hpp"
#include "frontend/admin_state.hpp"
#include "frontend/operations.hpp"
#include "frontend/parameters.hpp"
#include "metrics/exposition.hpp"

namespace relay::frontend {
namespace {

using metrics::Counter;
using metrics::Gauge;

// By node, as the loop that sees it worst.
std::map<std::string, hub::NodeHealth> nodes_of(const Shared& shared, bool& healing) {
  std::map<std::string, hub::NodeHealth> nodes;
  for (const LoopContext* there : shared.loops) {
    const LoopContext::Health health = there->health();
    healing = healing || health.healing;
    for (const hub::NodeHealth& node : health.nodes) {
      const auto [at, added] = nodes.try_emplace(node.name, node);
      if (at->second.up && !node.up) at->second = node;
      at->second.probe_age_ms = std::max(at->second.probe_age_ms, node.probe_age_ms);
    }
  }
  return nodes;
}

// Fills in what readiness rests on: nodes, state, reasons.
void add_health(Json& status, const Shared& shared) {
  bool healing = false;
  Json nodes = Json::array();
  Json reasons = Json::array();
  for (const auto& [name, node] : nodes_of(shared, healing)) {
    nodes.push_back({{"node", name},
                     {"up", node.up},
                     {"since", rfc3339(node.since_ms)},
                     {"probe_age_ms", node.probe_age_ms},
                     {"reason", node.reason}});
    if (!node.up) reasons.push_back("storage node " + name + " is down: " + node.reason);
  }
  if (healing && reasons.empty()) reasons.push_back("open streams are being filled from the backlog");
  const bool draining = shared.draining.load(std::memory_order_relaxed);
  if (draining) reasons.push_back("draining");
  status["ready"] = reasons.empty();
  status["state"] = draining ? "draining" : reasons.empty() ? "ready" : "not_ready";
  status["reasons"] = std::move(reasons);
  status["nodes"] = std::move(nodes);
}

void add_clients(Json& status, const Shared& shared, const AdminState::Rates& rates) {
  const auto total = [&](Gauge gauge) { return shared.exposition->total(gauge); };
  status["clients"] = clients_of(shared);
  status["sse"] = total(Gauge::kClientsSse);
  status["websocket"] = total(Gauge::kClientsWebSocket);
  status["longpoll"] = total(Gauge::kClientsLongPoll);
  status["peak_clients"] = std::max(rates.peak_clients, clients_of(shared));
  status["capacity"] = shared.capacity;
  status["connections"] = total(Gauge::kConnections);
  status["channels"] = total(Gauge::kChannels);
  status["subscriptions"] = total(Gauge::kSubscriptions);
  status["send_queue_bytes"] = total(Gauge::kClientSendQueueBytes);
}

void add_messages(Json& status, const Shared& shared, const AdminState::Rates& rates) {
  const auto total = [&](Counter counter) { return shared.exposition->total(counter); };
  status["published_per_second"] = rates.published_per_second;
  status["delivered_per_second"] = rates.delivered_per_second;
  status["published"] = total(Counter::kMessagesPublished);
  status["delivered"] = total(Counter::kMessagesDelivered);
  status["dropped"] =
      total(Counter::kMessagesDroppedEphemeralSlow) + total(Counter::kMessagesDroppedSlowClosed);
  status["slow_closed"] = total(Counter::kSlowClientsClosed);
  status["gaps"] = total(Counter::kGaps);
  status["delivery_p50_ms"] = shared.exposition->quantile(metrics::Histogram::kDeliveryLatency, 0.5) * 1000;
  status["delivery_p99_ms"] = shared.exposition->quantile(metrics::Histogram::kDeliveryLatency, 0.99) * 1000;
  status["published_history"] = rates.published;
  status["delivered_history"] = rates.delivered;
}

void add_storage(Json& status, const LoopContext& context) {
  status["storage"] = context.settings->options.storage;
  if (const auto totals = context.shared.operations->store_totals()) {
    status["backlog_messages"] = totals->messages;
    status["backlog_bytes"] = totals->bytes;
  }
}

void add_loops(Json& status, const Shared& shared) {
  Json loops = Json::array();
  for (const LoopContext* there : shared.loops) {
    loops.push_back({{"loop", there->loop.index()},
                     {"connections", there->metrics.get(Gauge::kConnections)},
                     {"subscriptions", there->metrics.get(Gauge::kSubscriptions)},
                     {"lag_ms", static_cast<double>(there->loop.lag_us()) / 1000}});
  }
  status["loops"] = std::move(loops);
}

}  // namespace

void handle_admin_status(const ExchangePtr& exchange) {
  const LoopContext& context = exchange->context();
  const Shared& shared = context.shared;
  const AdminState::Rates rates = shared.admin->rates();
  Json status = {{"instance", shared.instance_id},
                 {"version", kVersion},
                 {"host", host_name()},
                 {"pid", ::getpid()},
                 {"started", rfc3339(shared.started_ms)},
                 {"uptime_ms", context.loop.clock().wall_ms() - shared.started_ms}};
  add_health(status, shared);
  add_clients(status, shared, rates);
  add_messages(status, shared, rates);
  add_storage(status, context);
  add_loops(status, shared);
  status["reload_failed"] = shared.reload_failed.load(std::memory_order_relaxed);
  answer(*exchange, status);
}

void handle_admin_ping(const ExchangePtr& exchange) {
  const auto query = QueryParameters::parse(exchange->request().query());
  if (!query) return answer(*exchange, query.error());
  const std::string path(query->first("path").value_or("admin"));
  if (path == "admin") return answer(*exchange, {{"path", path}, {"storage_us", nullptr}});
  if (path != "storage")
    return answer(*exchange, make_error(ErrorKind::kInvalid, "bad_path", "path must be admin or storage"));
  LoopContext& context = exchange->context();
  const SteadyTime started = context.loop.clock().steady();
  // No channels: the store says its epoch and last id alone.
  context.hub.read(hub::ReadQuery{}, [exchange, started, path](Result<hub::ReadAnswer> read) {
    if (!read) return answer(*exchange, read.error());
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
        exchange->context().loop.clock().steady() - started);
    answer(*exchange, {{"path", path}, {"storage_us", took.count()}});
  });
}

}  // namespace relay::frontend
