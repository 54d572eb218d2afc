// What one publish costs Redis: CPU time of redis-server per publish, through the store as relayd uses it,
// beside a naive script of eight calls, each with 16 publishes outstanding and in the same run.
//
//   bench_redis_publish --count 60000 --rounds 5 [--outstanding 16]
//
// Rounds alternate the two, for one channel and for 1,000, each after a quarter of it that does not count:
// logs are there then, and in relayd's a max_age that is not new. Fails if a publish fails, or if ours is not
// half cheaper again on one channel, or dearer on 1,000.
//
// On two cores with Redis 7.0 (three sittings): 2.8 to 2.9 times cheaper on one channel (9.8 us to 3.4
// us), 1.3 to 1.7 times on 1,000, where most of the time goes into finding each channel's sorted set in
// memory (zslInsert and dictFind), which no script saves; the busier the machine, the more.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <future>
#include <memory>
#include <thread>

#include "bench_support.hpp"
#include "metrics/loop_metrics.hpp"
#include "net/io_loop.hpp"
#include "storage/redis/redis_store.hpp"

namespace {

using namespace bench;
using namespace relay;

struct Shape {
  int count;  // publishes a round
  int outstanding;
};

constexpr std::string_view kNaive = R"lua(
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
local id = ms * 2048
if id <= last then id = last + 1 end
local text = string.format('%.0f', id)
redis.call('SET', KEYS[1], text)
local record = text .. ARGV[2]
redis.call('ZADD', KEYS[2], text, record)
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -(tonumber(ARGV[4]) + 1))
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. string.format('%.0f', (ms - tonumber(ARGV[3])) * 2048))
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('PUBLISH', ARGV[1], record)
return id
)lua";

std::string payload() {
  return std::string(128, 'x');
}

class Redis {
 public:
  Redis() : listener_(listen_on_free_port(port_)), child_(start()) {
    read_until(log_, "Ready to accept connections");
    link_ = connect_to(port_);
  }
  ~Redis() {
    close(link_);
    close(log_);
  }
  int port() const { return port_; }
  double cpu_us() const { return static_cast<double>(cpu_ns(child_.pid())) / 1000; }
  // Sends commands and waits for their replies.
  std::string talk(const std::string& commands, int replies) {
    send_all(link_, commands);
    std::string last;
    char buffer[64 * 1024];
    while (replies > 0) {
      const ssize_t got = recv(link_, buffer, sizeof buffer, 0);
      if (got <= 0) fatal("redis-server hung up");
      const auto fed =
          reader_.feed({buffer, static_cast<std::size_t>(got)}, [&](const wire::RespValue& value) {
            if (value.is_error()) fatal("Redis answered: " + std::string(value.text()));
            last = value.text();
            --replies;
            return true;
          });
      if (!fed) fatal("not RESP");
    }
    return last;
  }

 private:
  Child start() {
    int log[2];
    if (pipe(log) != 0) fatal("pipe");
    close(listener_);
    Child child = Child::run([this, &log] {
      dup2(log[1], STDOUT_FILENO);
      const std::string port = std::to_string(port_);
      execlp("redis-server", "redis-server", "--port", port.c_str(), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", nullptr);
      _exit(127);
    });
    close(log[1]);
    log_ = log[0];
    return child;
  }

  int port_ = 0;
  int log_ = -1;
  int listener_;
  Child child_;
  int link_ = -1;
  wire::RespReader reader_;
};

// A clock that can be set forward.
class ForwardClock final : public Clock {
 public:
  std::int64_t wall_ms() const override { return system_clock().wall_ms(); }
  SteadyTime steady() const override { return system_clock().steady() + Milliseconds(ahead_ms_.load()); }
  void forward(Milliseconds by) { ahead_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> ahead_ms_{0};
};

// CPU of Redis per publish.
double naive_cost(Redis& redis, const Shape& shape, int channels) {
  std::string command;
  wire::append_command(command, {"SCRIPT", "LOAD", kNaive});
  const std::string sha = redis.talk(command, 1);
  const std::string tail = " 300000 0 0 0 0 0\n" + payload();
  const double before = redis.cpu_us();
  for (int i = 0; i < shape.count;) {
    command.clear();
    for (int j = 0; j < shape.outstanding; ++j, ++i) {
      const std::string channel = std::to_string(i % channels);
      wire::append_command(command, {"EVALSHA", sha, "2", "naive:seq", "naive:log:" + channel,
                                     "naive:bus:" + channel, tail, "300000", "1000"});
    }
    redis.talk(command, shape.outstanding);
  }
  return (redis.cpu_us() - before) / shape.count;
}

// The store of one loop, and a round of appends through it.
class Publisher : private hub::StorageEvents {
 public:
  explicit Publisher(int port) : store_(loop_, settings(port), *metrics_), thread_([this] { loop_.run(); }) {
    loop_.post([this] {
      store_.attach(0, *this);
      store_.start();
    });
    up_.get_future().wait();
  }
  ~Publisher() {
    std::promise<void> stopped;
    loop_.post([&] {
      store_.stop();
      stopped.set_value();
    });
    stopped.get_future().wait();
    loop_.stop();
    thread_.join();
  }
  // As if the store had been there for long.
  void age() { clock_.forward(redis::kMostRenewal); }
  void publish(const Shape& shape, int channels) {
    std::promise<void> done;
    loop_.post([&] {
      left_ = unanswered_ = shape.count;
      channels_ = channels;
      done_ = &done;
      for (int i = 0; i < shape.outstanding; ++i) next();
    });
    done.get_future().wait();
  }

 private:
  static redis::RedisSettings settings(int port) {
    redis::RedisSettings settings;
    settings.server.host = "127.0.0.1";
    settings.server.port = static_cast<std::uint16_t>(port);
    return settings;
  }
  void on_announced(hub::DeliveryPtr) override {}
  void on_interrupted() override {}
  void on_restored() override { up_.set_value(); }

  void next() {
    if (left_ == 0) return;
    hub::AppendRequest request;
    request.draft.channel = hub::ChannelName::copy_of("bench:" + std::to_string(--left_ % channels_));
    request.draft.data = payload();
    request.draft.ttl_ms = 300'000;
    store_.partition(0).append(std::move(request), [this](const Result<hub::Appended>& answer) {
      if (!answer) fatal(answer.error().message);
      if (--unanswered_ == 0) return done_->set_value();
      next();
    });
  }

  ForwardClock clock_;
  net::IoLoop loop_{0, clock_};
  std::unique_ptr<metrics::LoopMetrics> metrics_ = std::make_unique<metrics::LoopMetrics>();
  redis::RedisStore store_;
  std::promise<void> up_;
  int left_ = 0, unanswered_ = 0, channels_ = 1;
  std::promise<void>* done_ = nullptr;
  std::thread thread_;
};

double store_cost(Redis& redis, Publisher& publisher, const Shape& shape, int channels) {
  const double before = redis.cpu_us();
  publisher.publish(shape, channels);
  return (redis.cpu_us() - before) / shape.count;
}

// The median of naive / ours.
double compare(const Shape& shape, int channels, int rounds) {
  std::vector<double> naive, ours, ratios;
  for (int i = 0; i < rounds; ++i) {
    Redis redis;  // empty
    Publisher publisher(redis.port());
    const Shape begin{shape.count / 4, shape.outstanding};
    naive_cost(redis, begin, channels);
    publisher.publish(begin, channels);
    publisher.age();
    naive.push_back(naive_cost(redis, shape, channels));
    ours.push_back(store_cost(redis, publisher, shape, channels));
    ratios.push_back(naive.back() / ours.back());
  }
  std::printf("%4d channels: naive %5.2f us   relayd %5.2f us   ratio: median %.2f, from %.2f to %.2f\n",
              channels, median(naive), median(ours), median(ratios),
              *std::min_element(ratios.begin(), ratios.end()),
              *std::max_element(ratios.begin(), ratios.end()));
  return median(ratios);
}

}  // namespace

int main(int argc, char** argv) {
  const int outstanding = std::max(1, argument(argc, argv, "--outstanding", 16));
  const int count = std::max(1, argument(argc, argv, "--count", 60'000) / outstanding) * outstanding;
  const int rounds = argument(argc, argv, "--rounds", 5);
  std::printf("%d publishes of 128 bytes a round, %d outstanding; CPU of Redis per publish\n", count,
              outstanding);
  const double one = compare({count, outstanding}, 1, rounds);
  const double many = compare({count, outstanding}, 1'000, rounds);
  return one >= 1.5 && many >= 1.0 ? 0 : 1;
}
