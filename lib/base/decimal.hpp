// A number's decimal digits, without an allocation. A value; any thread.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <string_view>

namespace relay {

class Decimal {
 public:
  template <std::integral Number>
  explicit Decimal(Number number)
      : size_(static_cast<std::size_t>(
            std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr - digits_.data())) {}
  std::string_view view() const { return {digits_.data(), size_}; }

 private:
  std::array<char, 20> digits_;  // of 64 bits, with a sign
  std::size_t size_;
};

}  // namespace relay
