#include "storage/redis/append_queue.hpp"

#include <thread>

#include "support/catch.hpp"
#include "support/fake_clock.hpp"

namespace relay::redis {
namespace {

using namespace std::chrono_literals;
using test::FakeClock;

// The queue of one partition, and what it sends.
struct Queue {
  // What the loop has to do, and no more.
  void turn() {
    loop.context().restart();
    loop.context().poll();
  }
  void push(std::string data, std::string channel = "room:1") {
    hub::AppendRequest request;
    request.draft.channel = hub::ChannelName::copy_of(channel);
    request.draft.data = std::move(data);
    request.draft.ttl_ms = 60'000;
    queue.push(std::move(request), [this](Result<hub::Appended> answer) {
      answers.push_back(answer ? std::to_string(answer->id) : answer.error().code);
    });
  }
  // The last batch is stored, from this id on.
  void store(MessageId first) {
    const std::string reply = "*1\r\n:" + std::to_string(first) + "\r\n";
    wire::RespReader reader;
    const auto fed = reader.feed(reply, [&](const wire::RespValue& value) {
      sent.back()->answer({&value, true});
      return true;
    });
    REQUIRE(fed.has_value());
  }
  std::size_t last_size() const {
    std::string out;
    sent.back()->encode(out, false);
    std::size_t records = 0;
    for (auto at = out.find(" 60000 "); at != out.npos; at = out.find(" 60000 ", at + 1)) ++records;
    return records;
  }

  FakeClock clock;
  net::IoLoop loop{0, clock};
  RedisSettings settings;
  std::unique_ptr<metrics::LoopMetrics> metrics = std::make_unique<metrics::LoopMetrics>();
  Keyspace keys{"p"};
  AppendLoad load;
  std::vector<ErrandPtr> sent;
  std::vector<std::string> answers;
  MessageId highest = 0;
  AppendQueue queue{
      loop,
      settings,
      *metrics,
      keys,
      load,
      {[this](const ErrandPtr& batch) { sent.push_back(batch); }, [this](MessageId id) { highest = id; }}};
};

TEST_CASE("a turn is one batch, and what comes while it is out is the next") {
  Queue on;
  on.push("1");
  on.push("2");
  CHECK(on.sent.empty());
  on.turn();
  REQUIRE(on.sent.size() == 1);
  CHECK(on.last_size() == 2);
  for (int i = 3; i <= 5; ++i) {
    on.push(std::to_string(i));
    on.turn();
  }
  REQUIRE(on.sent.size() == 1);
  CHECK(on.load.appends == 5);
  on.store(1000);
  CHECK(on.highest == 1001);
  CHECK(on.answers == std::vector<std::string>{"1000", "1001"});
  on.turn();
  REQUIRE(on.sent.size() == 2);
  CHECK(on.last_size() == 3);
  on.store(2000);
  CHECK(on.answers.size() == 5);
  CHECK(on.load.appends == 0);
  CHECK(on.load.bytes == 0);
  on.turn();
  CHECK(on.sent.size() == 2);
}

TEST_CASE("an append that is late is answered, and not again when its batch is") {
  Queue on;
  on.push("first");
  on.turn();
  on.clock.advance(3s);
  on.push("second");
  on.push("third");
  on.store(1000);
  on.turn();  // the second and third go out, three seconds later
  REQUIRE(on.sent.size() == 2);
  on.push("waiting");
  on.clock.advance(4s);
  on.push("young");
  on.queue.expire(on.clock.steady());
  CHECK(on.answers.size() == 1);
  on.clock.advance(900ms);
  on.queue.expire(on.clock.steady());
  CHECK(on.answers == std::vector<std::string>{"1000", "storage_unknown", "storage_unknown", "storage_down"});
  on.store(2000);
  CHECK(on.answers.size() == 4);
  CHECK(on.highest == 2001);
  on.turn();
  REQUIRE(on.sent.size() == 3);
  CHECK(on.last_size() == 1);
  on.store(3000);
  CHECK(on.answers.back() == "3000");
  CHECK(on.load.appends == 0);
}

TEST_CASE("who is refused was waiting; what is out is answered by its link") {
  Queue on;
  on.push("out");
  on.turn();
  on.push("waiting");
  on.queue.refuse();
  CHECK(on.answers == std::vector<std::string>{"storage_down"});
  on.sent.back()->answer({nullptr, true});
  CHECK(on.answers.back() == "storage_unknown");
  on.turn();
  CHECK(on.sent.size() == 1);
  CHECK(on.load.appends == 0);
}

TEST_CASE("a batch is bounded by count and by bytes, and holds one message of any size") {
  Queue on;
  for (int i = 0; i < 200; ++i) on.push("x");
  on.turn();
  CHECK(on.last_size() == 128);
  on.store(1000);
  on.turn();
  CHECK(on.last_size() == 72);
  on.store(2000);
  for (int i = 0; i < 3; ++i) on.push(std::string(100'000, 'x'));
  on.turn();
  CHECK(on.last_size() == 2);
  on.store(3000);
  on.turn();
  on.store(4000);
  on.push(std::string(1'000'000, 'x'));
  on.turn();
  CHECK(on.last_size() == 1);
  CHECK(!on.load.full(on.settings));
  on.settings.max_pending_bytes = 1'000'000;
  CHECK(on.load.full(on.settings));
}

TEST_CASE("with min_replicas an append waits for them") {
  Queue on;
  on.settings.min_replicas = 2;
  const bool reached = GENERATE(true, false);
  on.push("1");
  on.turn();
  on.store(1000);
  CHECK(on.answers.empty());
  CHECK(on.load.appends == 1);
  on.push("2");
  on.turn();
  CHECK(on.sent.size() == 2);  // it waits for Redis, not for the replicas of the one before it
  on.sent.front()->replicated(reached);
  CHECK(on.answers == std::vector<std::string>{reached ? "1000" : "storage_replicas"});
}

}  // namespace
}  // namespace relay::redis
