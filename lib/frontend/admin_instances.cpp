// /admin/v1/instances: who lives, and taking this one out of rotation.
#include "base/log.hpp"
#include "frontend/admin_handlers.hpp"
#include "frontend/admin_json.hpp"
#include "frontend/admin_state.hpp"
#include "frontend/instances.hpp"
#include "frontend/operations.hpp"

namespace relay::frontend {
namespace {

Json local_instance(const LoopContext& context) {
  const Shared& shared = context.shared;
  const AdminState::Rates rates = shared.admin->rates();
  return {{"instance", shared.instance_id},
          {"state", shared.draining.load(std::memory_order_relaxed) ? "draining" : "alive"},
          {"here", true},
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
          {"state", instance.alive ? "alive" : "dead"},
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

// False, and answered, if the path names another instance: only the one that is asked can drain itself.
bool is_here(const ExchangePtr& exchange) {
  const std::string& here = exchange->context().shared.instance_id;
  if (exchange->parameter() == here) return true;
  answer(*exchange, make_error(ErrorKind::kNotFound, "other_instance",
                               "this is instance " + here + ": ask " + exchange->parameter() + " itself"));
  return false;
}

Json drain_json(const LoopContext& context) {
  return {{"instance", context.shared.instance_id},
          {"draining", context.shared.draining.load(std::memory_order_relaxed)},
          {"clients", clients_of(context.shared)}};
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
  if (!is_here(exchange)) return;
  const LoopContext& context = exchange->context();
  const auto body = read_body(*exchange);
  if (!body) return answer(*exchange, body.error());
  const auto spread = number_member(*body, "spread_ms", 24 * 3'600'000LL);
  if (!spread) return answer(*exchange, spread.error());
  const Milliseconds over = *spread ? Milliseconds(**spread) : context.settings->options.drain.spread;
  log::info("drain.operator", "an operator takes this instance out of rotation",
            {{"spread_ms", over.count()}});
  context.shared.operations->drain(over);
  answer(*exchange, drain_json(context));
}

void handle_admin_undrain(const ExchangePtr& exchange) {
  if (!is_here(exchange)) return;
  log::info("drain.undone", "an operator puts this instance back into rotation");
  exchange->context().shared.operations->undrain();
  answer(*exchange, drain_json(exchange->context()));
}

}  // namespace relay::frontend
