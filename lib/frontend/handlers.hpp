// The handlers that routes.cpp points at; each stands in the file of its name. Loop thread only.
#pragma once

#include "frontend/http_session.hpp"

namespace relay::frontend {

// Channels front-end (docs: relayd(8), HTTP INTERFACE).
void handle_publish(const ExchangePtr& exchange);    // POST /v1/channels/{}/messages
void handle_batch(const ExchangePtr& exchange);      // POST /v1/messages
void handle_history(const ExchangePtr& exchange);    // GET  /v1/channels/{}/messages
void handle_presence(const ExchangePtr& exchange);   // GET  /v1/channels/{}/presence
void handle_events(const ExchangePtr& exchange);     // GET  /v1/events
void handle_websocket(const ExchangePtr& exchange);  // GET  /v1/ws
void handle_root(const ExchangePtr& exchange);       // GET  /

// Operator port.
void handle_livez(const ExchangePtr& exchange);
void handle_readyz(const ExchangePtr& exchange);
void handle_health(const ExchangePtr& exchange);  // /health, /ready
void handle_healthz(const ExchangePtr& exchange);
void handle_version(const ExchangePtr& exchange);
void handle_metrics(const ExchangePtr& exchange);

}  // namespace relay::frontend
