// The process_* metrics, read from /proc/self (proc(5)). Any thread.
#pragma once

#include "metrics/samples.hpp"

namespace relay::metrics {

// Sets every process_* sample that can be read; without /proc only the file limit.
void sample_process(SampleSet& samples);

}  // namespace relay::metrics
