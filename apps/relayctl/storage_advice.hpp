// What an operator should know about the store before it hurts: the rows of `doctor` about it. One thread.
#pragma once

#include <string>
#include <vector>

#include "context.hpp"

namespace relay::ctl {

struct Advice {
  enum class Level { kOk, kWarn, kFail } level = Level::kOk;
  std::string subject;  // "redis maxmemory"
  std::string says;
  std::string fix;  // empty when it is ok
};

// A store that cannot be reached is a row too; one in memory has a row that says so.
std::vector<Advice> storage_advice(const Context& context);

}  // namespace relay::ctl
