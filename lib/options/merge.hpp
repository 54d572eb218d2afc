// Puts the settings of all sources together: the later one wins, secrets are read, values that depend on each
// other are checked. Reads secret files; otherwise pure. Any thread.
#pragma once

#include <string>
#include <vector>

#include "options/environment.hpp"
#include "options/load.hpp"
#include "options/setting.hpp"

namespace relay::options {

// `layers` from the weakest to the strongest. What is wrong is added to `errors`, warnings to
// loaded.warnings.
void merge(const std::vector<const Layer*>& layers, const Environment& environment, Loaded& loaded,
           std::vector<Diagnostic>& errors);

}  // namespace relay::options
