#include "frontend/bus_listener.hpp"

#include "frontend/instance_orders.hpp"
#include "frontend/instances.hpp"

namespace relay::frontend {
namespace {

// An ephemeral message without an id: the store has not seen it.
hub::DeliveryPtr local_delivery(hub::Draft draft) {
  return hub::DeliveryPtr(new hub::Delivery(hub::MessagePtr(hub::Message::make(0, std::move(draft)))));
}

// As the one that it is for gets it.
hub::DeliveryPtr direct_delivery(hub::Draft draft) {
  draft.channel = hub::ChannelName::copy_of(kDirectChannel);
  draft.event = "direct";
  return local_delivery(std::move(draft));
}

void send_to_all(LoopContext& context, hub::Delivery& delivery) {
  for (const auto& [number, client] : context.listening) client.who->take_unasked(delivery);
}

bool send_to_one(LoopContext& context, const ClientId& to, hub::Delivery& delivery) {
  const auto found = context.listening.find(to.number);
  return to.loop == static_cast<std::size_t>(context.loop.index()) && found != context.listening.end() &&
         found->second.who->take_unasked(delivery);
}

}  // namespace

hub::ChannelName instance_channel(std::string_view instance) {
  return hub::ChannelName::copy_of("$instance:" + std::string(instance));
}

BusListener::BusListener(LoopContext& context) : context_(context) {}

void BusListener::start() {
  context_.hub.subscribe(subscription_, {{hub::ChannelName::copy_of(hub::kBroadcastChannel),
                                          instance_channel(context_.shared.instance_id)},
                                         std::nullopt,
                                         false});
}

void BusListener::tick() {
  if (!subscription_.active()) start();
  if (context_.loop.index() == 0) context_.shared.orders->tick();
}

void BusListener::on_message(hub::Subscription&, hub::Delivery& delivery, bool) {
  const hub::Message& message = delivery.message();
  const auto from = ClientId::parse(message.from());
  if (from && from->instance == context_.shared.instance_id)
    return;  // delivered already, without this detour
  context_.metrics.add(metrics::Counter::kCrossInstanceMessages);
  if (message.channel() == hub::kBroadcastChannel) return send_to_all(context_, delivery);
  if (context_.loop.index() == 0 && context_.shared.orders->take(message)) return;
  // A direct message names its receiver as the event.
  const auto to = ClientId::parse(message.event());
  if (!to) return;
  send_to_one(context_, *to, *direct_delivery(message.draft()));
}

void broadcast(LoopContext& context, const std::string& from, std::string data, bool is_json,
               std::vector<std::string> exclude, hub::AppendDone done) {
  hub::PublishRequest request;
  hub::Draft& draft = request.draft;
  draft.channel = hub::ChannelName::copy_of(hub::kBroadcastChannel);
  draft.event = "broadcast";
  draft.data = std::move(data);
  draft.is_json = is_json;
  draft.from = from;
  draft.exclude = std::move(exclude);
  request.ttl = Milliseconds{0};
  const hub::DeliveryPtr delivery = local_delivery(draft);
  for (LoopContext* there : context.shared.loops) {
    there->loop.post([there, delivery] { send_to_all(*there, *delivery); });
  }
  context.metrics.add(metrics::Counter::kBroadcasts);
  context.hub.publish(std::move(request), std::move(done));
}

void direct(LoopContext& context, const std::string& from, const std::string& to, std::string data,
            bool is_json, std::function<void(Result<bool>)> done) {
  const auto target = ClientId::parse(to);
  const Error nobody = make_error(ErrorKind::kNotFound, "no_such_client", "no client has that id");
  if (!target) return done(nobody);
  hub::Draft draft;
  draft.data = std::move(data);
  draft.is_json = is_json;
  draft.from = from;
  if (target->instance == context.shared.instance_id) {
    if (target->loop >= context.shared.loops.size()) return done(nobody);
    LoopContext* there = context.shared.loops[target->loop];
    // Two hops: to the client's loop, and back with the answer.
    there->loop.post([there, target = *target, delivery = direct_delivery(std::move(draft)), nobody,
                      done = std::move(done), &context] {
      const bool found = send_to_one(*there, target, *delivery);
      context.loop.post([found, nobody, done] { found ? done(true) : done(nobody); });
    });
    return;
  }
  draft.channel = instance_channel(target->instance);
  draft.event = to;
  // Questions are answered in order, so messages to one client stay in order.
  ask_known(context, target->instance,
            [&context, draft = std::move(draft), nobody, done = std::move(done)](Result<bool> known) {
              if (!known) return done(known.error());
              if (!*known) return done(nobody);
              hub::PublishRequest request;
              request.draft = draft;
              request.ttl = Milliseconds{0};
              context.hub.publish(std::move(request), [done](Result<hub::Appended> appended) {
                appended ? done(true) : done(appended.error());
              });
            });
}

}  // namespace relay::frontend
