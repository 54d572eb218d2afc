#include "drivers/driver_options.hpp"

#include <algorithm>

namespace relay::bench {

relay::Result<DriverOptions> DriverOptions::make(const TargetPlan& target,
                                                 std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : target.driver_options) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string text = "the driver " + target.driver + " has no option " + name;
    const char* before = known.size() == 0 ? "" : "; it has ";
    for (const std::string_view one : known) {
      text.append(before).append(one);
      before = ", ";
    }
    return make_error(ErrorKind::kInvalid, "bad_driver_option", text);
  }
  DriverOptions options;
  options.given_ = target.driver_options;
  return options;
}

std::string DriverOptions::get(std::string_view name, std::string_view otherwise) const {
  const auto found = given_.find(std::string(name));
  return found == given_.end() ? std::string(otherwise) : found->second;
}

std::string filled(std::string_view text, std::string_view name, std::string_view value) {
  const std::string place = "{" + std::string(name) + "}";
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = std::min(text.find(place, at), text.size());
    out.append(text.substr(at, next - at));
    if (next < text.size()) out.append(value);
    at = next + (next < text.size() ? place.size() : 0);
  }
  return out;
}

}  // namespace relay::bench
