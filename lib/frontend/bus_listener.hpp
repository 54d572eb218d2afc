// How broadcasts and direct messages reach the clients of a loop: WebSockets and native SSE streams.
//
// Both are ephemeral. On this instance they go from loop to loop directly, so they work without the store and
// at once; to other instances they go as messages of two internal channels, `$all` and `$instance:<id>`,
// which this listener subscribes to on behalf of all clients of its loop. Its own instance's broadcasts come
// back that way too and are skipped. Loop thread only; lives in its LoopContext's server.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "frontend/context.hpp"
#include "hub/subscription.hpp"

namespace relay::frontend {

// What is for one instance alone: direct messages to its clients, and orders (instance_orders.hpp).
hub::ChannelName instance_channel(std::string_view instance);

// The channel name that direct messages carry on the wire.
inline constexpr std::string_view kDirectChannel = "$direct";

class BusListener final : public hub::Subscriber {
 public:
  explicit BusListener(LoopContext& context);
  // Subscribes; again by itself if the store was not there.
  void start();
  void tick();  // every 100 ms

  void on_live(hub::Subscription&) override {}
  void on_message(hub::Subscription& subscription, hub::Delivery& delivery, bool replayed) override;
  void on_gap(hub::Subscription&, const hub::Gap&) override {}
  void on_failed(hub::Subscription&, const Error&) override {}
  bool congested() const override { return false; }
  hub::SubscriberInfo info() const override { return {}; }

 private:
  LoopContext& context_;
  hub::Subscription subscription_{*this};
};

// Delivers to every WebSocket of every instance but those in `exclude`. `done` says whether other instances
// were reached: an error means that only this instance's clients have it.
void broadcast(LoopContext& context, const std::string& from, std::string data, bool is_json,
               std::vector<std::string> exclude, hub::AppendDone done);

// Delivers to one client, wherever it is. kNotFound if this instance should have it and has not, or if no
// instance of its name is in the registry; for another instance success means that it was sent there.
void direct(LoopContext& context, const std::string& from, const std::string& to, std::string data,
            bool is_json, std::function<void(Result<bool>)> done);

}  // namespace relay::frontend
