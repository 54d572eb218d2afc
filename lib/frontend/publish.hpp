// What the front-ends that publish have in common. Loop thread.
#pragma once

#include <functional>
#include <string>

#include "base/error.hpp"
#include "frontend/context.hpp"
#include "hub/hub.hpp"
#include "metrics/loop_metrics.hpp"

namespace relay::frontend {

// Whether the text is one JSON value (see json_scan.hpp); line breaks between its tokens become spaces, since
// they would cut an SSE payload into several lines.
bool take_json(std::string& text);

struct Published {
  MessageId id = 0;       // 0: not stored
  bool repeated = false;  // the idempotency key was known
  bool local = false;     // the store was away: delivered on this instance alone
};
using PublishDone = std::function<void(Result<Published>)>;

// Stores it, as the hub does. If the store says that it did not, and when_store_is_down = "local", everybody
// who listens on this instance gets it as an ephemeral message. Counts the outcome. `done` may run before
// this returns. Thread hops: then one post to each loop.
void publish(LoopContext& context, hub::PublishRequest&& request, PublishDone done);

void count_publish(metrics::LoopMetrics& metrics, const Result<hub::Appended>& outcome);

}  // namespace relay::frontend
