// What the fuzz targets share: the entry point that libFuzzer and replay_main.cpp both call, and the way a
// broken promise is said (abort: both see it).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace relay::fuzz {

inline void promise(bool kept, const char* what) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

// The input cut in two at a place that its own bytes decide, so that a fuzzer can steer it.
struct Cut {
  std::string_view whole;
  std::string_view front;
  std::string_view back;
};

inline Cut cut(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size < 2) return {bytes, bytes, {}};
  const std::size_t at = (data[0] * std::size_t{256} + data[1]) % size;
  return {bytes, bytes.substr(0, at), bytes.substr(at)};
}

// What a reader made of the input in one piece, and of the same in two.
template <typename Reader>
struct Cuts {
  explicit Cuts(const Cut& input) {
    whole.feed(input.whole);
    halves.feed(input.front);
    halves.feed(input.back);
  }
  Reader whole;
  Reader halves;
};

}  // namespace relay::fuzz
