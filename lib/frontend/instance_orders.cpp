#include "frontend/instance_orders.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.hpp"
#include "frontend/admin_state.hpp"
#include "frontend/bus_listener.hpp"
#include "frontend/instances.hpp"
#include "frontend/operations.hpp"

namespace relay::frontend {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kOrder = "order";
constexpr std::string_view kObeyed = "obeyed";

// An object whose members are read with a default; empty if the data is none.
Json object_of(const hub::Message& message) {
  Json json = Json::parse(message.data(), nullptr, false);
  return json.is_object() ? json : Json::object();
}

template <class T>
T member(const Json& json, const char* key, T otherwise) {
  const auto at = json.find(key);
  if (at == json.end()) return otherwise;
  if constexpr (std::is_same_v<T, bool>) return at->is_boolean() ? at->template get<T>() : otherwise;
  if constexpr (std::is_integral_v<T>) return at->is_number_integer() ? at->template get<T>() : otherwise;
  if constexpr (std::is_same_v<T, std::string>) return at->is_string() ? at->template get<T>() : otherwise;
}

}  // namespace

Rotation InstanceOrders::obey(const RotationOrder& order, std::string_view by) {
  Operations& operations = *home_.shared.operations;
  if (order.drain) {
    const Milliseconds over = order.spread.value_or(home_.settings->options.drain.spread);
    log::info("drain.operator", "an operator takes this instance out of rotation",
              {{"spread_ms", over.count()}, {"by", by}});
    operations.drain(over);
  } else {
    log::info("drain.undone", "an operator puts this instance back into rotation", {{"by", by}});
    operations.undrain();
  }
  return {home_.shared.draining.load(std::memory_order_relaxed), clients_of(home_.shared)};
}

void InstanceOrders::send(const std::string& instance, const RotationOrder& order, Done done) {
  ask_instances(home_, [this, instance, order,
                        done = std::move(done)](const Result<std::vector<hub::Instance>>& found) mutable {
    if (!found) return done(found.error());
    const auto one = std::find_if(found->begin(), found->end(), [&](const hub::Instance& candidate) {
      return candidate.status.id == instance;
    });
    if (one == found->end())
      return done(make_error(ErrorKind::kNotFound, "no_such_instance",
                             "the registry has no instance \"" + instance + "\""));
    if (!one->alive)
      return done(make_error(ErrorKind::kUnavailable, "instance_dead",
                             "instance " + instance + " is dead: its last heartbeat came " +
                                 std::to_string(one->silent_ms / 1000) + " s ago"));
    send_to_living(instance, order, std::move(done));
  });
}

void InstanceOrders::send_to_living(const std::string& instance, const RotationOrder& order, Done done) {
  if (pending_.size() >= kMostPending)
    return done(make_error(ErrorKind::kLimited, "busy", "too many orders wait for an answer"));
  const std::uint64_t number = next_number_++;
  pending_.emplace(number, Pending{instance, home_.loop.now_ms() + kPatience.count(), std::move(done)});
  Json json{
      {"number", number}, {"by", home_.shared.instance_id}, {"verb", order.drain ? "drain" : "undrain"}};
  if (order.spread) json["spread_ms"] = order.spread->count();
  publish(instance, kOrder, json.dump(), [this, number](const Error& error) { finish(number, error); });
}

bool InstanceOrders::take(const hub::Message& message) {
  if (message.event() == kOrder) {
    take_order(message);
  } else if (message.event() == kObeyed) {
    take_answer(message);
  } else {
    return false;
  }
  return true;
}

void InstanceOrders::take_order(const hub::Message& message) {
  const Json json = object_of(message);
  const auto by = member<std::string>(json, "by", "");
  const auto verb = member<std::string>(json, "verb", "");
  if (by.empty() || (verb != "drain" && verb != "undrain")) return;
  RotationOrder order{verb == "drain", {}};
  const auto spread = member<std::int64_t>(json, "spread_ms", -1);
  if (spread >= 0) order.spread = Milliseconds(spread);
  const Rotation rotation = obey(order, by);
  const Json answer{{"number", member<std::uint64_t>(json, "number", 0)},
                    {"draining", rotation.draining},
                    {"clients", rotation.clients}};
  publish(by, kObeyed, answer.dump(), [](const Error&) {});  // who asked is told that nothing came
}

void InstanceOrders::take_answer(const hub::Message& message) {
  const Json json = object_of(message);
  finish(member<std::uint64_t>(json, "number", 0),
         Rotation{member<bool>(json, "draining", false), member<std::int64_t>(json, "clients", 0)});
}

void InstanceOrders::publish(const std::string& instance, std::string_view event, std::string json,
                             std::function<void(const Error&)> on_error) {
  hub::PublishRequest request;
  request.draft.channel = instance_channel(instance);
  request.draft.event = event;
  request.draft.data = std::move(json);
  request.draft.is_json = true;
  request.ttl = Milliseconds{0};
  home_.hub.publish(std::move(request),
                    [on_error = std::move(on_error)](const Result<hub::Appended>& appended) {
                      if (!appended) on_error(appended.error());
                    });
}

void InstanceOrders::finish(std::uint64_t number, const Result<Rotation>& result) {
  auto found = pending_.extract(number);
  if (!found.empty()) found.mapped().done(result);
}

void InstanceOrders::tick() {
  while (!pending_.empty() && pending_.begin()->second.until_ms <= home_.loop.now_ms()) {
    const auto [number, pending] = *pending_.begin();
    finish(number, make_error(ErrorKind::kUnknown, "not_obeyed",
                              "instance " + pending.instance + " did not say within " +
                                  std::to_string(kPatience.count() / 1000) +
                                  " s that it has obeyed; it may do so still"));
  }
}

}  // namespace relay::frontend
