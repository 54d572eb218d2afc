#include "frontend/context.hpp"

#include <charconv>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "frontend/hub_limits.hpp"
#include "net/connection.hpp"

namespace relay::frontend {

hub::HubLimits hub_limits(const options::Options& options) {
  hub::HubLimits limits;
  limits.hold_messages = static_cast<std::size_t>(options.client.hold_messages);
  limits.max_payload_bytes = static_cast<std::size_t>(options.publish.max_bytes);
  return limits;
}

LoopContext::LoopContext(net::IoLoop& its_loop, metrics::LoopMetrics& its_metrics, Shared& its_shared,
                         std::shared_ptr<const Settings> its_settings)
    : loop(its_loop),
      metrics(its_metrics),
      shared(its_shared),
      settings(std::move(its_settings)),
      hub(loop.clock(), metrics, hub_limits(settings->options)) {}

std::string LoopContext::client_id(std::uint32_t number) const {
  return shared.instance_id + '.' + std::to_string(loop.index()) + '.' + std::to_string(number);
}

std::uint32_t LoopContext::enlist(net::Connection& connection, Listening& who) {
  const std::uint32_t number = next_client_++;
  listening.insert_or_assign(number, Client{&connection, &who});
  if (log::enabled(log::Level::kDebug))
    log::debug("client.connected", "a client listens",
               {{"client", client_id(number)}, {"peer", connection.peer().text()}});
  return number;
}

void LoopContext::delist(std::uint32_t number) {
  listening.erase(number);
  if (log::enabled(log::Level::kDebug))
    log::debug("client.gone", "a client listens no longer", {{"client", client_id(number)}});
}

void LoopContext::copy_health() {
  Health now{storage->health(), hub.healing()};
  const std::lock_guard lock(health_mutex_);
  health_ = std::move(now);
}

LoopContext::Health LoopContext::health() const {
  const std::lock_guard lock(health_mutex_);
  return health_;
}

std::optional<ClientId> ClientId::parse(std::string_view text) {
  const auto number = [](std::string_view part, auto& out) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), out);
    return error == std::errc{} && end == part.data() + part.size();
  };
  // The instance id may hold dots: the numbers are the last two parts.
  const auto last = text.rfind('.');
  if (last == std::string_view::npos || last == 0) return {};
  const auto middle = text.rfind('.', last - 1);
  if (middle == std::string_view::npos || middle == 0) return {};
  ClientId id;
  id.instance = text.substr(0, middle);
  if (!number(text.substr(middle + 1, last - middle - 1), id.loop) ||
      !number(text.substr(last + 1), id.number))
    return {};
  return id;
}

}  // namespace relay::frontend
