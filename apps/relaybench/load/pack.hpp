// Numbers, texts and histograms as bytes, for the pipes between a generator and its parent: the same program
// at both ends. Values; one thread. take() at the end of the bytes gives zeros: a record is only read whole
// (pipe.hpp).
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "histogram.hpp"

namespace relay::bench {

class Packer {
 public:
  template <class T>
    requires std::is_arithmetic_v<T>
  Packer& put(T number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof number);
    return *this;
  }
  Packer& put(std::string_view text) {
    put(static_cast<std::uint64_t>(text.size()));
    bytes_ += text;
    return *this;
  }
  Packer& put(const Histogram& histogram) {
    histogram.append_to(bytes_);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}
  template <class T>
  T take() {
    T number{};
    if (bytes_.size() < sizeof number) return number;
    std::memcpy(&number, bytes_.data(), sizeof number);
    bytes_.remove_prefix(sizeof number);
    return number;
  }
  template <class T>
  void take(T& number) {
    number = take<T>();
  }
  std::string take_text() {
    const auto size = take<std::uint64_t>();
    const std::string text(bytes_.substr(0, size));
    bytes_.remove_prefix(text.size());
    return text;
  }
  Histogram take_histogram() {
    auto histogram = Histogram::take(bytes_);
    return histogram ? std::move(*histogram) : Histogram();
  }
  bool empty() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

}  // namespace relay::bench
