// Two servers or settings side by side: ratios within pairs of runs that followed each other (A B A B).
//
// Within a pair the rest of the machine was much the same, so the ratio a / b holds better than either
// number. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "result.hpp"

namespace relay::bench {

struct VersusPair {
  RunResult a;
  RunResult b;
};

struct VersusRow {
  std::string measure;
  double a = 0;  // medians
  double b = 0;
  std::vector<double> ratios;  // a / b, one for each pair in which both were measured and b is not 0
  double median_ratio = 0;
  double least = 0;
  double greatest = 0;
};

// The measures that both sides have in at least one pair.
std::vector<VersusRow> versus_rows(const std::vector<VersusPair>& pairs);

std::string versus_text(const std::vector<VersusPair>& pairs);
// {schema: "relaybench-versus/1", rows: [...], pairs: [{a: relaybench/1, b: relaybench/1}]}
std::string versus_json(const std::vector<VersusPair>& pairs);

}  // namespace relay::bench
