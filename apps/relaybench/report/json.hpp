// A result as the JSON document "relaybench/1" (relaybench-1.schema.json beside this file), and back.
//
// Times in nanoseconds; a latency's percentiles are written beside its buckets and made from them again when
// read. Changes are additive: unknown keys are skipped, and "relaybench/1" stays. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "result.hpp"

namespace relay::bench {

std::string to_json(const RunResult& result);
// Errors: kInvalid "bad_result" with the path of what is wrong: "delivery.lost: a count was expected".
Result<RunResult> from_json(std::string_view text);

}  // namespace relay::bench
