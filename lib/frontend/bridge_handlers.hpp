// The bridge's handlers, for routes.cpp; each stands in the file of its name. Loop thread only.
#pragma once

#include "frontend/http_session.hpp"

namespace relay::frontend {

void handle_bridge_events(const ExchangePtr& exchange);   // GET  <bridge.path>/events
void handle_bridge_message(const ExchangePtr& exchange);  // POST <bridge.path>/message
void handle_bridge_verify(const ExchangePtr& exchange);   // POST <bridge.path>/verify
void handle_bridge_options(const ExchangePtr& exchange);  // OPTIONS of each of them

}  // namespace relay::frontend
