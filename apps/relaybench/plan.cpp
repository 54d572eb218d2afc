#include "plan.hpp"

#include <algorithm>

#include "load/payload.hpp"

namespace relay::bench {
namespace {

Error bad(std::string message) {
  return make_error(ErrorKind::kInvalid, "bad_plan", std::move(message));
}

bool is_share(double value) {
  return value >= 0 && value <= 1;
}

Result<void> check_load(const Shape& shape) {
  if (shape.subscribers == 0 && shape.publishers == 0) return bad("neither subscribers nor publishers");
  if (shape.channels == 0) return bad("no channels");
  if (shape.channels >= kMaxChannels) return bad("more channels than a payload can name (16,777,215)");
  if (shape.publishers > kMaxPublishers) return bad("more publishers than a payload can name (65,535)");
  if (shape.channels_per_subscriber == 0 || shape.channels_per_subscriber > shape.channels) {
    return bad("channels per subscriber must lie between 1 and the number of channels");
  }
  if (shape.size_min < kMinPayload) {
    return bad("payloads take at least " + std::to_string(kMinPayload) + " bytes");
  }
  if (shape.size_max < shape.size_min) return bad("the largest payload is smaller than the smallest");
  if (shape.size_max > kMaxPayload) return bad("payloads take at most 16 MiB");
  if (shape.rate < 0) return bad("a rate below zero");
  if (shape.closed && shape.rate > 0) return bad("a closed loop has no rate");
  return {};
}

Result<void> check_troubles(const Shape& shape) {
  if (!is_share(shape.kill_share) || !is_share(shape.slow_share))
    return bad("a share must lie between 0 and 1");
  if (shape.kill_share > 0 && shape.kill_every.count() <= 0) return bad("a kill share needs kill_every");
  if (shape.churn < 0 || shape.slow_rate < 0) return bad("a rate below zero");
  return {};
}

// Each worker has channels of its own, and publishers and subscribers for them (load/plan_bytes.hpp).
Result<void> check_workers(const Plan& plan) {
  const std::size_t workers = plan.workers.size();
  if (workers == 0) return {};
  const Shape& shape = plan.shape;
  const auto too_few = [&](std::size_t count) { return count > 0 && count < workers; };
  if (shape.channels / workers < shape.channels_per_subscriber)
    return bad("each worker has channels of its own: take at least " +
               std::to_string(workers * shape.channels_per_subscriber) + " for " + std::to_string(workers) +
               " workers");
  if (too_few(shape.subscribers) || too_few(shape.publishers))
    return bad("there are fewer subscribers or publishers than workers");
  return {};
}

Result<void> check_times(const Plan& plan) {
  if (plan.stages.empty()) return bad("no stages");
  for (const StagePlan& stage : plan.stages) {
    if (stage.duration.count() <= 0) return bad("stage \"" + stage.name + "\" has no duration");
    if (!is_share(stage.clients))
      return bad("stage \"" + stage.name + "\": clients is a share of the subscribers");
    if (stage.rate < 0) return bad("stage \"" + stage.name + "\": a rate below zero");
  }
  if (plan.warmup.count() < 0 || plan.grace.count() < 0) return bad("a time below zero");
  if (plan.interval < milliseconds(100)) return bad("the interval must be at least 100 ms");
  if (plan.connect_rate < 0) return bad("a rate below zero");
  return {};
}

}  // namespace

Result<void> check(const Plan& plan) {
  if (plan.target.transports.empty()) return bad("no transport");
  if (plan.processes == 0 || plan.processes > 256) return bad("processes must lie between 1 and 256");
  if (auto good = check_load(plan.shape); !good) return good;
  if (auto good = check_troubles(plan.shape); !good) return good;
  if (auto good = check_workers(plan); !good) return good;
  return check_times(plan);
}

std::string_view name_of(Transport transport) {
  constexpr std::string_view kNames[] = {"sse", "ws", "ws-raw"};
  return kNames[static_cast<std::size_t>(transport)];
}

std::string_view name_of(DeliveryMode delivery) {
  constexpr std::string_view kNames[] = {"at-most-once", "at-least-once", "exactly-once", "ordered"};
  return kNames[static_cast<std::size_t>(delivery)];
}

std::string_view name_of(Ramp ramp) {
  constexpr std::string_view kNames[] = {"linear", "step", "spike"};
  return kNames[static_cast<std::size_t>(ramp)];
}

}  // namespace relay::bench
