// Every way of cutting an input that the codec tests try: whole, byte by byte, and in two at each offset.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

namespace relay::wire {

using Pieces = std::vector<std::string_view>;

inline Pieces single_bytes(std::string_view input) {
  Pieces pieces;
  for (std::size_t i = 0; i < input.size(); ++i) pieces.push_back(input.substr(i, 1));
  return pieces;
}

// The result of run(Pieces) for the whole input, after checking that every other cut gives the same.
template <class Run>
auto same_for_every_cut(std::string_view input, Run&& run) {
  const auto whole = run(Pieces{input});
  CHECK(run(single_bytes(input)) == whole);
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    const auto halves = run(Pieces{input.substr(0, cut), input.substr(cut)});
    if (!(halves == whole)) {
      INFO("cut at " << cut);
      CHECK(halves == whole);
    }
  }
  return whole;
}

}  // namespace relay::wire
