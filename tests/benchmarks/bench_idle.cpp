// Idle streams, each on a channel of its own with a 64-hex name: private memory of relayd per stream.
//
//   bench_idle --streams 15000
//
// The marginal cost is taken between a tenth and all of them, so that what the first ones pay for everybody
// does not count. Fails at 2 KiB and above.
#include <unistd.h>

#include <cstdio>

#include "bench_support.hpp"

namespace {

using namespace bench;

int open_stream(int port, int number) {
  char name[65];
  std::snprintf(name, sizeof name, "%064x", static_cast<unsigned>(number));
  const int fd = connect_to(port);
  send_all(fd, "GET /v1/events?channel=" + std::string(name) + " HTTP/1.1\r\nHost: bench\r\n\r\n");
  read_until(fd, ": live");
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  const int streams = argument(argc, argv, "--streams", 15000);
  const Relayd relayd;
  std::vector<int> sockets;
  const std::int64_t empty = anonymous_bytes(relayd.pid());
  std::int64_t tenth = 0;
  for (int i = 0; i < streams; ++i) {
    sockets.push_back(open_stream(relayd.port(), i));
    if (i + 1 == streams / 10) tenth = anonymous_bytes(relayd.pid());
  }
  const std::int64_t full = anonymous_bytes(relayd.pid());
  const double marginal = static_cast<double>(full - tenth) / (streams - streams / 10);
  std::printf("%d idle SSE streams: %.1f MiB before, %.1f MiB after, %.0f bytes each, %.0f bytes marginal\n",
              streams, static_cast<double>(empty) / 1048576, static_cast<double>(full) / 1048576,
              static_cast<double>(full - empty) / streams, marginal);
  for (const int fd : sockets) close(fd);
  return marginal < 2048 ? 0 : 1;
}
