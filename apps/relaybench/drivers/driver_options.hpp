// --driver-option: what one driver alone understands. Pure; any thread.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "plan.hpp"

namespace relay::bench {

class DriverOptions {
 public:
  // Errors: kInvalid "bad_driver_option": one that is not in `known`.
  static relay::Result<DriverOptions> make(const TargetPlan& target,
                                           std::initializer_list<std::string_view> known);

  std::string get(std::string_view name, std::string_view otherwise) const;

 private:
  std::map<std::string, std::string> given_;
};

// The text with each "{name}" replaced by `value`.
std::string filled(std::string_view text, std::string_view name, std::string_view value);

}  // namespace relay::bench
