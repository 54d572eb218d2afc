// The answer of a `check` verb, in the words of whoever watches: nagios, json, prometheus or text.
//
// Exit codes: 0, 1 and 2 for ok, warning and critical and 3 for unknown with --format nagios; elsewhere 0
// when ok or warning, 1 when critical, and the failure's own when nothing could be asked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "context.hpp"

namespace relay::ctl {

enum class Health { kOk, kWarning, kCritical };

struct Check {
  std::string name;  // "ready"
  Health health = Health::kOk;
  std::string message;  // one line
  struct Value {
    std::string name;  // snake_case with its unit: "probe_age_ms"
    double value = 0;
    std::optional<double> warn{};
    std::optional<double> crit{};
  };
  std::vector<Value> values{};
};

// The flags that every check has.
std::vector<Flag> check_flags();
std::vector<Column> check_columns();

// The worse of `health` and what the value says by its own bounds.
Health judged(Health health, const Check::Value& value);

int report(const Context& context, const Check& check);
// Nothing could be asked.
int report_unknown(const Context& context, const std::string& name, const Failure& failure);

}  // namespace relay::ctl
