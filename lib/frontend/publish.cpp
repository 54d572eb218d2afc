#include "frontend/publish.hpp"

#include <utility>

namespace relay::frontend {
namespace {

void deliver_here(LoopContext& context, const hub::DeliveryPtr& delivery) {
  context.metrics.add(metrics::Counter::kPublishedLocally);
  for (LoopContext* there : context.shared.loops) {
    there->loop.post([there, delivery] { there->hub.deliver_unstored(delivery); });
  }
}

}  // namespace

void publish(LoopContext& context, hub::PublishRequest&& request, PublishDone done) {
  hub::DeliveryPtr unstored;  // has no ttl yet: it is ephemeral
  if (context.settings->options.when_store_is_down == "local") {
    unstored = hub::DeliveryPtr(
        new hub::Delivery(hub::MessagePtr(hub::Message::make(0, hub::Draft(request.draft)))));
  }
  context.hub.publish(std::move(request), [&context, unstored = std::move(unstored),
                                           done = std::move(done)](const Result<hub::Appended>& appended) {
    if (!appended && appended.error().kind == ErrorKind::kUnavailable && unstored != nullptr) {
      deliver_here(context, unstored);
      return done(Published{0, false, true});
    }
    count_publish(context.metrics, appended);
    appended ? done(Published{appended->id, appended->repeated, false}) : done(appended.error());
  });
}

}  // namespace relay::frontend
