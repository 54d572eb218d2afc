// The latencies of each interval as HdrHistogram's interval log, version 1.3: a line for each, tagged "e2e"
// or "connect", with the histogram in its V2 encoding, compressed and in base64. Pure; any thread.
//
// Layouts (HdrHistogram's AbstractHistogram.java and HistogramLogWriter.java; big-endian):
//     compressed   cookie 0x1C849314, 4 | length, 4 | a zlib stream (RFC 1950) of what follows
//     V2           cookie 0x1C849313, 4 | bytes of counts, 4 | 0, 4 | digits, 4 | lowest, 8 | highest, 8 |
//                  1.0 as a double, 8 | counts by index up to the greatest, zig-zag LEB128; -n for n zeros
// The zlib stream consists of stored blocks: the counts are small as they are, and no library is needed.
#pragma once

#include <string>

#include "histogram.hpp"
#include "result.hpp"

namespace relay::bench {

std::string interval_log(const RunResult& result);
// The base64 text of one histogram.
std::string encoded(const Histogram& histogram);

}  // namespace relay::bench
