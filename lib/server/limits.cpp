#include "server/limits.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace relay::server {

std::size_t raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  return static_cast<std::size_t>(limit.rlim_cur);
}

std::size_t client_capacity(std::size_t files) {
  constexpr std::size_t kOwn = 64;  // listeners, loops, the store's links, files
  const std::size_t most = files - files / 20;
  return std::max<std::size_t>(16, most > kOwn ? most - kOwn : 0);
}

}  // namespace relay::server
