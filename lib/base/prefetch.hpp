// Asks the processor to bring an object into its caches, so that several such waits pass at the same time.
// Changes nothing, reads nothing. Any thread.
#pragma once

#include <cstddef>

namespace relay {

inline constexpr std::size_t kCacheLineBytes = 64;

// REQUIRES: not nullptr.
template <class T>
void prefetch(const T* object) {
  const char* const bytes = reinterpret_cast<const char*>(object);
  for (std::size_t at = 0; at < sizeof(T); at += kCacheLineBytes) __builtin_prefetch(bytes + at);
}

}  // namespace relay
