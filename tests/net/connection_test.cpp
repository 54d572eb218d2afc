// A Connection on one end of a real socket pair, a loop on a thread of its own, the test at the other end.
#include "net/connection.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>

#include "net/tls.hpp"
#include "support/catch.hpp"
#include "support/run_on.hpp"

using namespace relay;
using namespace relay::net;

namespace {

constexpr int kPatienceMs = 10'000;

// What happened, written on the loop's thread, read by post_and_wait().
struct Seen {
  std::string data;
  int drained = 0;
  int deadlines = 0;
  int ends = 0;
  bool destroyed = false;
};

struct Handler final : ConnectionHandler {
  explicit Handler(Seen& its_seen) : seen(its_seen) {}
  ~Handler() override { seen.destroyed = true; }
  void on_data(std::string_view bytes) override {
    seen.data += bytes;
    if (act) act(bytes);
  }
  bool on_end_of_input() override {
    ++seen.ends;
    return stay;
  }
  void on_drained() override {
    ++seen.drained;
    if (refill) refill();
  }
  void on_deadline() override { ++seen.deadlines; }
  Seen& seen;
  std::function<void(std::string_view)> act;
  std::function<void()> refill;
  bool stay = false;
};

class Fixture {
 public:
  Fixture() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    peer_ = ends[1];
    thread_ = std::thread([this] { loop_.run(); });
    on_loop([&] {
      connection = new Connection(loop_, metrics, set_, ends[0], {}, nullptr);
      auto made = std::make_unique<Handler>(seen);
      handler = made.get();
      connection->become(std::move(made));
    });
  }
  ~Fixture() {
    on_loop([&] { set_.close_all(); });
    on_loop([] {});  // the end of the turn is over
    loop_.stop();
    thread_.join();
    if (peer_ >= 0) ::close(peer_);
  }
  // Runs on the loop and waits. What it queued is flushed before the second call after it.
  void on_loop(const std::function<void()>& work) { test::run_on(loop_, work); }
  // Until `holds` on the loop's thread.
  bool await(const std::function<bool()>& holds) {
    for (int i = 0; i < kPatienceMs; ++i) {
      bool now = false;
      on_loop([&] { now = holds(); });
      if (now) return true;
      ::poll(nullptr, 0, 1);  // what is awaited happens on another thread and has no event of its own
    }
    return false;
  }
  void write(std::string_view bytes) const {
    REQUIRE(::send(peer_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  }
  std::string read_some() const {
    pollfd ready{peer_, POLLIN, 0};
    REQUIRE(::poll(&ready, 1, kPatienceMs) == 1);
    std::string bytes(64 * 1024, '\0');
    const ssize_t got = ::recv(peer_, bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
  std::string read(std::size_t size) const {
    std::string all;
    while (all.size() < size) {
      const std::string piece = read_some();
      if (piece.empty()) break;
      all += piece;
    }
    return all;
  }
  void end_peer() { ::close(std::exchange(peer_, -1)); }
  IoLoop& loop() { return loop_; }
  int peer() const { return peer_; }
  std::size_t open() const { return set_.size(); }
  void set_flush_interval(Milliseconds length) {
    on_loop([&] { loop_.set_flush_interval(length); });
  }
  // Each text in a turn of its own, one right after the other.
  void send_gathered(std::initializer_list<std::string> texts) {
    for (const std::string& text : texts) {
      on_loop([&] { connection->send_gathered(SharedFrame::copy_of(text)); });
      on_loop([] {});  // the end of a turn is queued when its work returns: what comes now may overtake it
    }
  }
  std::int64_t writes() {
    std::int64_t calls = 0;
    on_loop([&] { calls = metrics.get(metrics::Counter::kWriteCalls); });
    return calls;
  }

  metrics::LoopMetrics metrics;
  Seen seen;
  Connection* connection = nullptr;  // until it is closed
  Handler* handler = nullptr;

 private:
  IoLoop loop_{0};
  ConnectionSet set_;
  int peer_ = -1;
  std::thread thread_;
};

std::string frame_text(int number) {
  return std::to_string(number) + std::string(static_cast<std::size_t>(number % 997), 'f') + '\n';
}

}  // namespace

TEST_CASE("What a turn queues leaves in one write") {
  Fixture f;
  f.on_loop([&] {
    for (int i = 0; i < 50; ++i) f.connection->send_copy("frame;");
  });
  CHECK(f.read(300).size() == 300);
  f.on_loop([&] { CHECK(f.metrics.get(metrics::Counter::kWriteCalls) == 1); });
}

TEST_CASE("Work put off to the end of the turn runs there, and what it sends leaves with the turn's") {
  Fixture f;
  std::string order;
  f.on_loop([&] {
    f.loop().at_end_of_turn([&] {
      order += "first ";
      f.connection->send_copy("late");
      f.loop().at_end_of_turn([&] { order += "put off again"; });
    });
    order += "turn ";
    f.connection->send_copy("early ");
  });
  CHECK(f.read(10) == "early late");
  f.on_loop([] {});
  CHECK(order == "turn first put off again");
}

TEST_CASE("The first message of a stream leaves at once, what follows within the flush interval together") {
  Fixture f;
  f.set_flush_interval(std::chrono::seconds(1));
  f.send_gathered({"one;", "two;", "three;"});
  CHECK(f.read(14) == "one;two;three;");
  CHECK(f.writes() == 2);
}

TEST_CASE("Without a flush interval each turn is written") {
  Fixture f;
  f.send_gathered({"one;", "two;", "three;"});
  CHECK(f.read(14) == "one;two;three;");
  CHECK(f.writes() == 3);
}

TEST_CASE(
    "What waits for the end of the flush interval leaves with the next plain frame, or with many bytes") {
  Fixture f;
  f.set_flush_interval(std::chrono::hours(1));
  f.send_gathered({"one;", "two;"});
  f.on_loop([&] { f.connection->send_copy("three;"); });
  CHECK(f.read(14) == "one;two;three;");
  f.send_gathered({"four;", std::string(20'000, '5')});
  CHECK(f.read(20'005).substr(0, 8) == "four;555");
  CHECK(f.writes() == 3);
}

TEST_CASE("Closing while something waits for the end of the flush interval is safe") {
  Fixture f;
  f.set_flush_interval(std::chrono::milliseconds(50));
  f.send_gathered({"one;", "two;"});
  f.on_loop([&] { f.connection->close(); });
  CHECK(f.await([&] { return f.seen.destroyed; }));
  CHECK(f.open() == 0);
}

TEST_CASE("What waits for the end of the flush interval leaves before the connection is ended") {
  Fixture f;
  f.set_flush_interval(std::chrono::hours(1));
  f.send_gathered({"one;", "two;"});
  f.on_loop([&] { f.connection->close_after_flush(); });
  CHECK(f.read(9) == "one;two;");
}

TEST_CASE("A socket that takes little at a time gets every byte in order") {
  Fixture f;
  std::string expected;
  for (int i = 0; i < 5000; ++i) expected += frame_text(i);
  f.on_loop([&] {
    for (int i = 0; i < 5000; ++i) f.connection->send_copy(frame_text(i));
  });
  f.on_loop([&] { CHECK(f.connection->congested()); });
  CHECK(f.read(expected.size()) == expected);
  CHECK(f.await([&] { return f.connection->queued_bytes() == 0 && f.seen.drained == 1; }));
}

TEST_CASE("on_drained comes when the queue was congested and is not any more, also if it never blocked") {
  Fixture f;
  const int rounds = 20;
  int left = rounds;
  f.on_loop([&] {
    f.handler->refill = [&] {
      if (--left > 0) f.connection->send_copy(std::string(Connection::kCongestedBytes + 1, 'x'));
    };
    f.connection->send_copy(std::string(Connection::kCongestedBytes + 1, 'x'));
  });
  CHECK(f.read(rounds * (Connection::kCongestedBytes + 1)).size() ==
        rounds * (Connection::kCongestedBytes + 1));
  CHECK(f.await([&] { return f.seen.drained == rounds; }));
}

TEST_CASE("close_after_flush writes everything, tells the end, and waits for the peer's") {
  Fixture f;
  const std::string big(3'000'000, 'z');
  f.on_loop([&] {
    f.connection->send_copy(big);
    f.connection->close_after_flush();
    f.connection->send_copy("not any more");
  });
  CHECK(f.read(big.size()) == big);
  CHECK(f.read_some().empty());  // its end of output
  f.write("unread, but no reset");
  f.on_loop([&] { CHECK(f.open() == 1); });
  f.end_peer();
  CHECK(f.await([&] { return f.open() == 0 && f.seen.destroyed; }));
}

TEST_CASE("A peer that neither reads nor leaves is cut off after the linger") {
  Fixture f;
  f.on_loop([&] {
    f.connection->send_copy(std::string(3'000'000, 'z'));
    f.connection->close_after_flush();
  });
  CHECK(f.await([&] { return f.open() == 0; }));
}

TEST_CASE("Closing inside a callback is safe, and nothing is called afterwards") {
  Fixture f;
  f.on_loop([&] {
    f.handler->act = [&](std::string_view) {
      f.connection->close();
      f.connection->send_copy("into the void");
      f.connection->close();
    };
  });
  f.write("go");
  CHECK(f.read_some().empty());
  CHECK(f.await([&] { return f.open() == 0 && f.seen.destroyed; }));
  CHECK(f.seen.data == "go");
}

TEST_CASE("A handler may be replaced inside its own callback") {
  Fixture f;
  Seen second;
  f.on_loop([&] {
    f.handler->act = [&](std::string_view) { f.connection->become(std::make_unique<Handler>(second)); };
  });
  f.write("one");
  CHECK(f.await([&] { return f.seen.destroyed; }));
  f.write("two");
  CHECK(f.await([&] { return second.data == "two"; }));
  CHECK(f.seen.data == "one");
  f.on_loop([&] { f.connection->close(); });
  CHECK(f.await([&] { return second.destroyed; }));
}

TEST_CASE("While reading is paused nothing comes, afterwards all of it, the end included") {
  Fixture f;
  f.on_loop([&] { f.connection->pause_reading(); });
  f.write("held");
  f.on_loop([] {});
  f.on_loop([&] { CHECK(f.seen.data.empty()); });
  ::shutdown(f.peer(), SHUT_WR);
  // The edge of the end comes while reading is paused, or after that.
  const int turns = GENERATE(0, 1, 20);
  for (int i = 0; i < turns; ++i) f.on_loop([] {});
  f.on_loop([&] { f.connection->resume_reading(); });
  CHECK(f.await([&] { return f.seen.data == "held" && f.open() == 0; }));
  CHECK(f.seen.ends == 1);
}

TEST_CASE("What was queued in the very turn that ends the input still leaves") {
  Fixture f;
  f.on_loop([&] { f.handler->act = [&](std::string_view) { f.connection->send_copy("answer"); }; });
  f.write("question");
  ::shutdown(f.peer(), SHUT_WR);
  CHECK(f.read_some() == "answer");
  CHECK(f.read_some().empty());
  CHECK(f.await([&] { return f.open() == 0; }));
}

TEST_CASE("A handler that still works keeps a half-closed connection open") {
  Fixture f;
  f.on_loop([&] { f.handler->stay = true; });
  f.write("question");
  ::shutdown(f.peer(), SHUT_WR);
  CHECK(f.await([&] { return f.seen.ends >= 1; }));
  f.on_loop([&] {
    REQUIRE(f.open() == 1);
    f.connection->send_copy("late answer");
    f.connection->close_after_flush();
  });
  CHECK(f.read_some() == "late answer");
  CHECK(f.await([&] { return f.open() == 0; }));
}

TEST_CASE("A deadline is told once, and not if it was cleared") {
  Fixture f;
  f.on_loop([&] { f.connection->set_deadline(Milliseconds(100)); });
  CHECK(f.await([&] { return f.seen.deadlines == 1; }));
  f.on_loop([&] {
    f.connection->set_deadline(Milliseconds(100));
    f.connection->clear_deadline();
  });
  ::poll(nullptr, 0, 400);  // time in which nothing may happen
  f.on_loop([&] { CHECK(f.seen.deadlines == 1); });
}

TEST_CASE("Much input does not starve the other connections, and arrives whole") {
  Fixture f;
  std::string sent;
  for (int i = 0; i < 20'000; ++i) sent += frame_text(i % 100);
  std::thread writer([&] {
    std::string_view left = sent;
    while (!left.empty()) {
      const ssize_t n = ::send(f.peer(), left.data(), left.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      left.remove_prefix(static_cast<std::size_t>(n));
    }
  });
  CHECK(f.await([&] { return f.seen.data.size() == sent.size(); }));
  writer.join();
  CHECK(f.seen.data == sent);
}

TEST_CASE("A reset of the peer closes it, with output waiting or not") {
  const bool waiting = GENERATE(true, false);
  Fixture f;
  if (waiting) f.on_loop([&] { f.connection->send_copy(std::string(3'000'000, 'x')); });
  f.write("x");
  f.end_peer();
  CHECK(f.await([&] { return f.open() == 0 && f.seen.destroyed; }));
  CHECK(f.metrics.get(metrics::Gauge::kConnections) == 0);
}
