#include "frontend/routes.hpp"

#include <array>

#include "base/bytes.hpp"
#include "frontend/admin_handlers.hpp"
#include "frontend/bridge_handlers.hpp"
#include "frontend/handlers.hpp"

namespace relay::frontend {
namespace {

constexpr auto kChannels = FrontEnd::kChannels;
constexpr auto kBridge = FrontEnd::kBridge;
constexpr auto kOperator = FrontEnd::kOperator;
constexpr auto kAdmin = FrontEnd::kAdmin;

constexpr Route kRoutes[] = {
    {Plane::kPublic, kChannels, "POST", "/v1/channels/{}/messages", handle_publish, "publish the body"},
    {Plane::kPublic, kChannels, "GET", "/v1/channels/{}/messages", handle_history,
     "what is kept; with wait=30s a long poll"},
    {Plane::kPublic, kChannels, "POST", "/v1/messages", handle_batch, "publish many, one JSON object a line"},
    {Plane::kPublic, kChannels, "GET", "/v1/events", handle_events, "Server-Sent Events of ?channel=…"},
    {Plane::kPublic, kChannels, "GET", "/v1/ws", handle_websocket, "WebSocket"},
    {Plane::kPublic, kChannels, "GET", "/v1/channels/{}/presence", handle_presence, "who subscribes"},
    {Plane::kPublic, kChannels, "GET", "/", handle_root, "this text"},

    {Plane::kPublic, kBridge, "OPTIONS", "/events", handle_bridge_options, "TON Connect bridge: preflight"},
    {Plane::kPublic, kBridge, "OPTIONS", "/message", handle_bridge_options, "TON Connect bridge: preflight"},
    {Plane::kPublic, kBridge, "OPTIONS", "/verify", handle_bridge_options, "TON Connect bridge: preflight"},
    {Plane::kPublic, kBridge, "GET", "/events", handle_bridge_events, "TON Connect bridge: stream"},
    {Plane::kPublic, kBridge, "POST", "/message", handle_bridge_message, "TON Connect bridge: send"},
    {Plane::kPublic, kBridge, "POST", "/verify", handle_bridge_verify,
     "TON Connect bridge: verify an origin"},

    {Plane::kOperator, kOperator, "GET", "/livez", handle_livez, "200 while every event loop turns"},
    {Plane::kOperator, kOperator, "GET", "/readyz", handle_readyz,
     "200 when clients should come; ?verbose says why not"},
    {Plane::kOperator, kOperator, "GET", "/health", handle_health, "200 while the storage answers"},
    {Plane::kOperator, kOperator, "GET", "/ready", handle_health, "as /health"},
    {Plane::kOperator, kOperator, "GET", "/healthz", handle_healthz, "200"},
    {Plane::kOperator, kOperator, "GET", "/version", handle_version, "the version"},
    {Plane::kOperator, kOperator, "GET", "/metrics", handle_metrics, "Prometheus metrics"},

    {Plane::kAdmin, kAdmin, "GET", "/admin/v1/status", handle_admin_status, "how this instance is"},
    {Plane::kAdmin, kAdmin, "GET", "/admin/v1/ping", handle_admin_ping,
     "with path=storage the time of a read of the store"},
    {Plane::kAdmin, kAdmin, "GET", "/admin/v1/channels", handle_admin_channels,
     "channels with a subscriber here"},
    {Plane::kAdmin, kAdmin, "GET", "/admin/v1/channels/{}", handle_admin_channel,
     "one channel and its backlog"},
    {Plane::kAdmin, kAdmin, "POST", "/admin/v1/channels/{}/kick", handle_admin_kick_channel,
     "end the clients of a channel"},
    {Plane::kAdmin, kAdmin, "GET", "/admin/v1/channels/{}/messages", handle_history, "as on the public port"},
    {Plane::kAdmin, kAdmin, "POST", "/admin/v1/channels/{}/messages", handle_publish,
     "as on the public port"},
    {Plane::kAdmin, kAdmin, "GET", "/admin/v1/events", handle_events, "as on the public port"},
    {Plane::kAdmin, kAdmin, "GET", "/admin/v1/clients", handle_admin_clients, "clients of this instance"},
    {Plane::kAdmin, kAdmin, "GET", "/admin/v1/clients/{}", handle_admin_client,
     "one client and its channels"},
    {Plane::kAdmin, kAdmin, "POST", "/admin/v1/clients/{}/kick", handle_admin_kick_client, "end a client"},
    {Plane::kAdmin, kAdmin, "GET", "/admin/v1/instances", handle_admin_instances, "who lives"},
    {Plane::kAdmin, kAdmin, "POST", "/admin/v1/instances/{}/drain", handle_admin_drain,
     "take out of rotation"},
    {Plane::kAdmin, kAdmin, "POST", "/admin/v1/instances/{}/undrain", handle_admin_undrain,
     "put back into rotation"},
    {Plane::kAdmin, kAdmin, "GET", "/admin/v1/config", handle_admin_config,
     "the settings in effect, and their origin"},
    {Plane::kAdmin, kAdmin, "POST", "/admin/v1/config/set", handle_admin_config_set,
     "change a setting until the process ends"},
    {Plane::kAdmin, kAdmin, "POST", "/admin/v1/config/reload", handle_admin_config_reload, "as SIGHUP"},
    {Plane::kAdmin, kAdmin, "GET", "/admin/v1/log", handle_admin_log, "the log level"},
    {Plane::kAdmin, kAdmin, "POST", "/admin/v1/log", handle_admin_set_log,
     "change the log level, for a while or for good"},
};

bool enabled(const options::Options& options, FrontEnd front_end) {
  switch (front_end) {
    case FrontEnd::kChannels:
      return options.channels.enable;
    case FrontEnd::kBridge:
      return options.bridge.enable;
    case FrontEnd::kOperator:
    case FrontEnd::kAdmin:
      return true;
  }
  return false;
}

// Whether `path` fits `pattern`; the one segment that stands for "{}" goes to `parameter`, still encoded.
bool fits(std::string_view pattern, std::string_view path, std::string_view& parameter) {
  const auto hole = pattern.find("{}");
  if (hole == std::string_view::npos) return pattern == path;
  const std::string_view before = pattern.substr(0, hole);
  const std::string_view behind = pattern.substr(hole + 2);
  if (path.size() < before.size() + behind.size() || !path.starts_with(before) || !path.ends_with(behind))
    return false;
  parameter = path.substr(before.size(), path.size() - before.size() - behind.size());
  return parameter.find('/') == std::string_view::npos;
}

bool serves(Plane listener, Plane route) {
  return (listener == Plane::kPublic) == (route == Plane::kPublic);
}

bool is_below(std::string_view path, std::string_view prefix) {
  return !prefix.empty() && path.starts_with(prefix) &&
         (path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

RouteMatch find_route(const options::Options& options, Plane plane, std::string_view method,
                      std::string_view path) {
  RouteMatch match;
  const bool in_bridge =
      plane == Plane::kPublic && options.bridge.enable && is_below(path, options.bridge.path);
  if (plane != Plane::kPublic) match.front_end = kOperator;
  if (in_bridge) match.front_end = kBridge;
  for (const Route& route : kRoutes) {
    if (!serves(plane, route.plane) || !enabled(options, route.front_end)) continue;
    const bool is_bridge = route.front_end == kBridge;
    if (is_bridge && !in_bridge) continue;
    std::string_view parameter;
    if (!fits(route.pattern, is_bridge ? path.substr(options.bridge.path.size()) : path, parameter)) continue;
    const bool head = method == "HEAD" && route.method == "GET" && !is_bridge;
    if (route.method != method && !head) {
      match.allowed += (match.allowed.empty() ? "" : ", ") + std::string(route.method);
      if (route.method == "GET" && !is_bridge) match.allowed += ", HEAD";
      continue;
    }
    auto decoded = percent_decode(parameter, false);
    match.bad_parameter = !decoded;
    if (decoded) match.parameter = std::move(*decoded);
    match.route = &route;
    match.front_end = route.front_end;
    return match;
  }
  if (!match.allowed.empty() && !in_bridge) match.allowed += ", OPTIONS";
  return match;
}

}  // namespace relay::frontend
