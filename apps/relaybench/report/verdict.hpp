// From what was measured to the exit code.
//
// The first that applies:
//     97  the generator was saturated: neither loss nor latency can be laid to the server, whose deliveries
//     may
//         still lie unread in the generator's sockets; run it again with less load or more processes
//     98  the promise of delivery was broken (DeliveryMode says which counts break it; late ones never do)
//     99  a threshold was missed
//      0  none of these
// The other findings stand in the report all the same. Pure; any thread.
#pragma once

#include <span>
#include <string>

#include "plan.hpp"
#include "report/threshold.hpp"

namespace relay::bench {

inline constexpr int kExitSaturated = 97;
inline constexpr int kExitBroken = 98;
inline constexpr int kExitMissed = 99;

struct Terms {
  DeliveryMode delivery = DeliveryMode::kOrdered;
  bool allow_saturated = false;  // 97 is not used; the result stays marked as invalid
};

// What of the promise was broken: "lost 3, duplicate 1"; empty: nothing.
std::string broken_promise(const Delivery& delivery, DeliveryMode mode);

// Fills result.thresholds, result.delivery.broken and result.exit_code.
void judge(RunResult& result, std::span<const Threshold> thresholds, const Terms& terms);

// "PASS", "INVALID", "BROKEN", "MISSED", for an exit code of judge(); "ABORTED" for any other.
std::string_view verdict_word(int exit_code);

}  // namespace relay::bench
