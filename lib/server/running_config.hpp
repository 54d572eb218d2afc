// The configuration of a running relayd: what is in force and where it is from, and how a reload or an
// operator changes it. Main thread only.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/error.hpp"
#include "options/load.hpp"
#include "options/reload.hpp"

namespace relay::server {

class RunningConfig {
 public:
  // Puts options into force, or changes nothing and says why.
  using Apply = std::function<Result<bool>(const options::Options&)>;

  // `load_again` reads the configuration once more. reload() and set() do not change what needs a restart.
  RunningConfig(options::Loaded loaded, std::function<options::LoadOutcome()> load_again, Apply apply);

  const options::Loaded& loaded() const { return loaded_; }
  const options::Options& options() const { return loaded_.options; }

  // What an operator has set stays. kInvalid "bad_config", or what `apply` said.
  Result<options::Changes> reload();
  // Until the process ends. What is set of [channel] holds for the namespaces that do not say it themselves.
  // kInvalid "unknown_option", "bad_value"; kConflict "needs_restart"; or what `apply` said.
  Result<options::Changes> set(const std::string& key, const std::string& text);

 private:
  options::Loaded loaded_;
  const std::function<options::LoadOutcome()> load_again_;
  const Apply apply_;
  std::map<std::string, options::Value> overrides_;  // by set()
};

}  // namespace relay::server
