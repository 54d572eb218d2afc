// A bridge in this process: real loops, sockets and storage (support/storage_under_test.hpp), which can be
// slowed or broken, and a plain blocking client. Clients block for kPatience at most and then throw. Test
// thread only, but where noted.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "metrics/loop_metrics.hpp"
#include "options/options.hpp"
#include "wire/http1_client.hpp"
#include "wire/sse.hpp"

namespace relay::testing {

inline constexpr std::chrono::seconds kPatience{5};

// The machine's clock, ahead by as much as a test says. Any thread.
class ShiftedClock final : public Clock {
 public:
  std::int64_t wall_ms() const override { return system_clock().wall_ms() + ahead_ms_; }
  SteadyTime steady() const override { return system_clock().steady(); }
  void advance(Milliseconds by) { ahead_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> ahead_ms_{0};
};

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Answer {
  int status = 0;
  std::string body;
  wire::HttpHeaders headers;
  std::string field(std::string_view name) const {
    return std::string(headers.find(name).value_or("(none)"));
  }
};

// One connection to the bridge.
class Client {
 public:
  explicit Client(std::uint16_t port);
  ~Client();
  Client(Client&& other) noexcept;
  Client& operator=(Client&&) = delete;

  void send(std::string_view bytes);
  void request(std::string_view method, std::string_view target, const Fields& fields = {},
               std::string_view body = {}, std::string_view version = "HTTP/1.1");
  Answer answer();  // a whole one
  // Of a stream: its head, then what follows.
  Answer head();
  wire::SseEvent event();
  // Reads until the body so far contains `text`.
  void await(std::string_view text);
  void await_end();
  // What one recv() of the kernel gave, undecoded.
  std::string read_some();
  const std::string& body() const { return body_; }
  bool ended() const { return ended_; }
  int descriptor() const { return fd_; }

 private:
  void read_more();
  int fd_;
  wire::HttpResponseParser parser_;
  wire::SseParser events_;
  std::string body_;
  std::size_t parsed_ = 0;
  bool ended_ = false;
};

class BridgeServer {
 public:
  explicit BridgeServer(options::Options options = {}, int loops = 1);
  ~BridgeServer();
  std::uint16_t port() const;
  // Whether time passes as the test says; Redis has a clock of its own.
  bool keeps_time() const;
  // For the store so much time passes; without keeps_time() here too.
  void pass(Milliseconds time);

  // The store keeps the answers of appends to itself until release_answers(); what is stored is announced
  // meanwhile, as with a store on the other side of a network. Any thread.
  void withhold_answers();
  void release_answers();
  void fail_appends(bool fail);
  void fail_reads(bool fail);
  // Every connection is asked to go, as in a drain.
  void drain();
  std::int64_t total(metrics::Counter counter) const;
  std::int64_t total(metrics::Gauge gauge) const;
  // Waits until a number has this value, or so many messages are kept.
  void await(metrics::Counter counter, std::int64_t value) const;
  void await(metrics::Gauge gauge, std::int64_t value) const;
  void await_stored(std::int64_t messages) const;
  // Waits until every loop has handled what was announced before.
  void settle();

  Client connect() const { return Client(port()); }
  Answer ask(std::string_view method, std::string_view target, const Fields& fields = {},
             std::string_view body = {}) const;
  // An open stream; its head was 200.
  Client stream(std::string_view parameters, const Fields& fields = {}) const;
  Answer post(std::string_view from, std::string_view to, std::string_view ttl, std::string_view body,
              const Fields& fields = {}, std::string_view more = {}) const;

 private:
  struct Loop;
  struct Store;
  std::unique_ptr<Store> store_;
  std::vector<std::unique_ptr<Loop>> loops_;
};

// 64 hex digits that begin with `number`.
std::string client_id(int number);

}  // namespace relay::testing
