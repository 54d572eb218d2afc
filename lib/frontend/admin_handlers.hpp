// The admin interface, /admin/v1: what relayctl asks of a running relayd. Loop thread only.
//
// JSON over HTTP/1 on the admin socket, whose file permissions decide, and on the operator address with the
// bearer token of operator.token. Keys are snake_case, sizes in bytes, times RFC 3339, durations in
// milliseconds; a list comes in pages of at most kAdminPage entries with `next`, the `after` of the page
// behind it. Errors have
// {"error":{"code","message"}} like those of the channels front-end.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "frontend/http_session.hpp"

namespace relay::frontend {

inline constexpr std::size_t kAdminPage = 1000;

void handle_admin_status(const ExchangePtr& exchange);    // GET  /admin/v1/status
void handle_admin_ping(const ExchangePtr& exchange);      // GET  /admin/v1/ping?path=admin|storage
void handle_admin_channels(const ExchangePtr& exchange);  // GET  /admin/v1/channels?after=&limit=&pattern=
void handle_admin_channel(const ExchangePtr& exchange);   // GET  /admin/v1/channels/{}
void handle_admin_kick_channel(const ExchangePtr& exchange);  // POST /admin/v1/channels/{}/kick
void handle_admin_clients(
    const ExchangePtr& exchange);  // GET  /admin/v1/clients?after=&limit=&channel=&ip=&slow=
void handle_admin_client(const ExchangePtr& exchange);         // GET  /admin/v1/clients/{}
void handle_admin_kick_client(const ExchangePtr& exchange);    // POST /admin/v1/clients/{}/kick
void handle_admin_instances(const ExchangePtr& exchange);      // GET  /admin/v1/instances
void handle_admin_drain(const ExchangePtr& exchange);          // POST /admin/v1/instances/{}/drain
void handle_admin_undrain(const ExchangePtr& exchange);        // POST /admin/v1/instances/{}/undrain
void handle_admin_config(const ExchangePtr& exchange);         // GET  /admin/v1/config
void handle_admin_config_set(const ExchangePtr& exchange);     // POST /admin/v1/config/set
void handle_admin_config_reload(const ExchangePtr& exchange);  // POST /admin/v1/config/reload
void handle_admin_log(const ExchangePtr& exchange);            // GET  /admin/v1/log
void handle_admin_set_log(const ExchangePtr& exchange);        // POST /admin/v1/log

// Whether a request on the operator address may use the admin interface: nothing, or the refusal.
std::optional<wire::HttpResponse> refuse_admin(const std::string& token, const wire::HttpRequest& request);

}  // namespace relay::frontend
