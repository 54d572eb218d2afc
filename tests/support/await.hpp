// Waits for what can only be looked for again and again: another process's state, keys in a store. Any
// thread.
#pragma once

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace relay::test {

// Whether it came to be true within `limit`.
inline bool await(const std::function<bool()>& condition,
                  std::chrono::milliseconds limit = std::chrono::seconds(20),
                  std::chrono::milliseconds look_every = std::chrono::milliseconds(10)) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(look_every);
  }
  return true;
}

// Until it is true; throws std::runtime_error if that takes longer.
inline void await_condition(const std::function<bool()>& condition, std::string_view what,
                            std::chrono::milliseconds limit = std::chrono::seconds(30)) {
  if (!await(condition, limit)) throw std::runtime_error("not in time: " + std::string(what));
}

}  // namespace relay::test
