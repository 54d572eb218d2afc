// What the front-ends that publish have in common. Pure but for the counters; loop thread.
#pragma once

#include <string>

#include "base/error.hpp"
#include "hub/storage.hpp"
#include "metrics/loop_metrics.hpp"

namespace relay::frontend {

// Whether the text is one JSON value (see json_scan.hpp); line breaks between its tokens become spaces, since they
// would cut an SSE payload into several lines.
bool take_json(std::string& text);

void count_publish(metrics::LoopMetrics& metrics, const Result<hub::Appended>& outcome);

}  // namespace relay::frontend
