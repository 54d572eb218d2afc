// What an operator can ask of the whole process, beyond what a loop can answer: the server does it.
//
// Asked on any loop. config(), reload() and set_option() are carried out on the main thread, one after the
// other; `done` is called there exactly once, unless the server ends first. The others act at once.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "options/load.hpp"
#include "options/reload.hpp"

namespace relay::frontend {

template <class T>
using Done = std::function<void(Result<T>)>;

struct EffectiveConfig {
  options::Options options;
  options::Origins origins;
  std::vector<std::string> files;
};

// What a backend that lives in this process keeps.
struct StoreTotals {
  std::int64_t messages = 0;
  std::int64_t bytes = 0;
};

class Operations {
 public:
  virtual ~Operations() = default;
  virtual void config(Done<EffectiveConfig> done) = 0;
  // As SIGHUP. kInvalid with all that is wrong: nothing was changed.
  virtual void reload(Done<options::Changes> done) = 0;
  // Until the process ends, also over reloads. kInvalid "unknown_option", "bad_value"; kConflict
  // "needs_restart".
  virtual void set_option(std::string key, std::string value, Done<options::Changes> done) = 0;
  // Not ready, and clients are sent away evenly over `spread`; the process stays.
  virtual void drain(Milliseconds spread) = 0;
  virtual void undrain() = 0;
  virtual std::optional<StoreTotals> store_totals() const = 0;  // none: the store is elsewhere
};

}  // namespace relay::frontend
