// /admin/v1/instances: who lives, and taking one out of rotation.
#include "frontend/admin_handlers.hpp"
#include "frontend/admin_json.hpp"
#include "frontend/admin_state.hpp"
#include "frontend/instance_orders.hpp"
#include "frontend/instances.hpp"

namespace relay::frontend {
namespace {

Json local_instance(const LoopContext& context) {
  const Shared& shared = context.shared;
  const AdminState::Rates rates = shared.admin->rates();
  return {{"instance", shared.instance_id},
          {"state", shared.draining.load(std::memory_order_relaxed) ? "draining" : "alive"},
          {"here", true},
          {"host", host_name()},
          {"version", kVersion},
          {"started", rfc3339(shared.started_ms)},
          {"silent_ms", 0},
          {"clients", clients_of(shared)},
          {"loops", shared.loops.size()},
          {"published_per_second", rates.published_per_second},
          {"delivered_per_second", rates.delivered_per_second}};
}

Json other_instance(const hub::Instance& instance) {
  const hub::InstanceStatus& status = instance.status;
  return {{"instance", status.id},
          {"state", !instance.alive   ? "dead"
                    : status.draining ? "draining"
                                      : "alive"},
          {"here", false},
          {"host", status.host},
          {"version", status.version},
          {"started", rfc3339(status.started_ms)},
          {"silent_ms", instance.silent_ms},
          {"clients", status.clients},
          {"loops", status.loops},
          {"published_per_second", status.published_per_second},
          {"delivered_per_second", status.delivered_per_second}};
}

// By this instance, or by the other one that the path names.
void change_rotation(const ExchangePtr& exchange, const RotationOrder& order) {
  const Shared& shared = exchange->context().shared;
  const std::string& instance = exchange->parameter();
  const auto tell = [exchange](const Result<Rotation>& rotation) {
    if (!rotation) return answer(*exchange, rotation.error());
    answer(*exchange, {{"instance", exchange->parameter()},
                       {"draining", rotation->draining},
                       {"clients", rotation->clients}});
  };
  if (instance == shared.instance_id) return tell(shared.orders->obey(order, instance));
  shared.orders->send(instance, order, tell);
}

}  // namespace

// This one as it is, the others as the registry knows them; without the store this one alone.
void handle_admin_instances(const ExchangePtr& exchange) {
  ask_instances(exchange->context(), [exchange](const Result<std::vector<hub::Instance>>& found) {
    const LoopContext& context = exchange->context();
    Json all = Json::array({local_instance(context)});
    if (found) {
      for (const hub::Instance& instance : *found) {
        if (instance.status.id != context.shared.instance_id) all.push_back(other_instance(instance));
      }
    }
    answer(*exchange, {{"instances", std::move(all)}, {"complete", found.has_value()}});
  });
}

void handle_admin_drain(const ExchangePtr& exchange) {
  const auto body = read_body(*exchange);
  if (!body) return answer(*exchange, body.error());
  const auto spread = number_member(*body, "spread_ms", 24 * 3'600'000LL);
  if (!spread) return answer(*exchange, spread.error());
  RotationOrder order;
  if (*spread) order.spread = Milliseconds(**spread);
  change_rotation(exchange, order);
}

void handle_admin_undrain(const ExchangePtr& exchange) {
  change_rotation(exchange, {false, {}});
}

}  // namespace relay::frontend
