// Fan-out at a rate nobody saturates at: CPU time of the server per delivery, beside a bare send loop in the
// same run. The floor is one thread that has the frame ready and calls send() once per subscriber.
//
//   bench_fanout --subscribers 1000 --rate 40 --seconds 5 --rounds 5 [--publishers 16]
//
// Rounds alternate floor and relayd. Fails if a message is missing, or if relayd costs over three times the
// floor.
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "bench_support.hpp"

namespace {

using namespace bench;
using Clock = std::chrono::steady_clock;

struct Shape {
  int subscribers;
  int rate;  // messages a second
  int seconds;
  int publishers;
};

std::string payload() {
  return std::string(1, CountingReader::kMark) + std::string(127, 'x');
}

// Calls `publish(i)` at the rate, from the intended times.
template <class Publish>
void at_rate(const Shape& shape, Publish&& publish) {
  const auto start = Clock::now();
  for (int i = 0; i < shape.rate * shape.seconds; ++i) {
    std::this_thread::sleep_until(start + std::chrono::nanoseconds(1'000'000'000LL * i / shape.rate));
    publish(i);
  }
}

double cost_per_delivery(const Shape& shape, pid_t pid, CountingReader& reader,
                         const std::function<void(int)>& publish) {
  const std::int64_t cpu = cpu_ns(pid);
  const std::int64_t before = reader.count();
  at_rate(shape, publish);
  const std::int64_t expected = std::int64_t{shape.subscribers} * shape.rate * shape.seconds;
  if (!reader.wait_for(before + expected, 10)) {
    fatal("missing " + std::to_string(before + expected - reader.count()) + " of " +
          std::to_string(expected) + " deliveries");
  }
  return static_cast<double>(cpu_ns(pid) - cpu) / 1000 / static_cast<double>(expected);
}

double floor_cost(const Shape& shape) {
  int port = 0;
  const int listener = listen_on_free_port(port);
  int trigger[2];
  if (pipe(trigger) != 0) fatal("pipe");
  const std::string frame = "b4\r\nid: 3676647850743808\ndata: " + payload() + "\n\n\r\n";
  const Child server = Child::run([&] {
    std::vector<int> sockets;
    for (int i = 0; i < shape.subscribers; ++i) sockets.push_back(accept(listener, nullptr, nullptr));
    char byte = 0;
    while (read(trigger[0], &byte, 1) == 1) {
      for (const int fd : sockets) send(fd, frame.data(), frame.size(), MSG_NOSIGNAL);
    }
  });
  std::vector<int> sockets;
  for (int i = 0; i < shape.subscribers; ++i) sockets.push_back(connect_to(port));
  CountingReader reader(std::move(sockets));
  const double cost = cost_per_delivery(shape, server.pid(), reader, [&](int) {
    if (write(trigger[1], "", 1) != 1) fatal("trigger");
  });
  close(trigger[0]);
  close(trigger[1]);
  close(listener);
  return cost;
}

double relayd_cost(const Shape& shape) {
  const Relayd relayd;
  std::vector<int> sockets;
  for (int i = 0; i < shape.subscribers; ++i) {
    sockets.push_back(connect_to(relayd.port()));
    send_all(sockets.back(), "GET /v1/events?channel=bench HTTP/1.1\r\nHost: bench\r\n\r\n");
    read_until(sockets.back(), ": live");
  }
  CountingReader reader(std::move(sockets));
  std::vector<int> publishers;
  for (int i = 0; i < shape.publishers; ++i) publishers.push_back(connect_to(relayd.port()));
  const std::string request =
      "POST /v1/channels/bench/messages HTTP/1.1\r\nHost: bench\r\nContent-Length: 128\r\n\r\n" + payload();
  const double cost = cost_per_delivery(shape, relayd.pid(), reader, [&](int i) {
    const int fd = publishers[static_cast<std::size_t>(i % shape.publishers)];
    send_all(fd, request);
    // One outstanding request per publisher: its last answer is read before the next message.
    if (i >= shape.publishers) read_until(fd, "}\n");
  });
  for (const int fd : publishers) close(fd);
  return cost;
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  const Shape shape{argument(argc, argv, "--subscribers", 1000), argument(argc, argv, "--rate", 40),
                    argument(argc, argv, "--seconds", 5), argument(argc, argv, "--publishers", 16)};
  const int rounds = argument(argc, argv, "--rounds", 5);
  std::vector<double> ratios;
  std::printf("%d subscribers, %d messages/s of 128 bytes, %d s a round; server CPU per delivery\n",
              shape.subscribers, shape.rate, shape.seconds);
  for (int i = 0; i < rounds; ++i) {
    const double floor = floor_cost(shape);
    const double relayd = relayd_cost(shape);
    ratios.push_back(relayd / floor);
    std::printf("round %d   floor %6.2f us   relayd %6.2f us   ratio %.2f\n", i + 1, floor, relayd,
                ratios.back());
  }
  std::printf("relayd / floor: median %.2f, from %.2f to %.2f\n", median(ratios),
              *std::min_element(ratios.begin(), ratios.end()),
              *std::max_element(ratios.begin(), ratios.end()));
  return median(ratios) <= 3 ? 0 : 1;
}
