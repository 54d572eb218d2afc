// The values that a command line gave, by the name of the flag ("--limit") or argument ("CHANNEL"). Values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "cli/failure.hpp"

namespace relay::cli {

class Arguments {
 public:
  void add(std::string_view name, std::string value) {
    values_[std::string(name)].push_back(std::move(value));
  }

  bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
  // REQUIRES: has(name).
  const std::string& text(std::string_view name) const { return values_.find(name)->second.back(); }
  std::string text_or(std::string_view name, std::string_view otherwise) const;
  const std::vector<std::string>& all(std::string_view name) const;

  // Usage failures that name the flag.
  Outcome<Milliseconds> duration(std::string_view name, Milliseconds otherwise) const;
  Outcome<std::int64_t> count(std::string_view name, std::int64_t otherwise, std::int64_t min,
                              std::int64_t max) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

}  // namespace relay::cli
