// The parts of the load that need no server: payloads, curves and schedules, who listens to what, the checks.
#include "load/payload.hpp"

#include <cmath>
#include <cstdio>
#include <ctime>
#include "bench/near.hpp"

#include "load/checker.hpp"
#include "load/crc32c.hpp"
#include "load/curve.hpp"
#include "load/exceptions.hpp"
#include "load/layout.hpp"
#include "load/plan_bytes.hpp"
#include "load/tally.hpp"
#include "support/catch.hpp"

using namespace relay::bench;
using Verdict = Checker::Verdict;

namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1000 * kMillisecond;

Plan plan_of(milliseconds warmup, std::vector<StagePlan> stages) {
  Plan plan;
  plan.warmup = warmup;
  plan.stages = std::move(stages);
  return plan;
}

}  // namespace

TEST_CASE("CRC-32C is that of RFC 3720, with and without the instruction") {
  const std::string zeros(32, '\0');
  for (const auto crc : {crc32c, crc32c_by_table}) {
    CHECK(crc(zeros, 0) == 0x8A9136AA);
    CHECK(crc("123456789", 0) == 0xE3069283);
    CHECK(crc("6789", crc("12345", 0)) == 0xE3069283);
  }
}

TEST_CASE("A payload says who sent it and when, whatever its length") {
  const Padding padding(7, 5000);
  for (const std::size_t extra : {0U, 1U, 78U, 4046U}) {
    const PayloadHead head{0xDEADBEEF, 65535,           16777214,
                           4294967295, 281474976710655, 281474976710655 + 12345600};
    std::string text;
    append_payload(text, head, padding.take(extra, 99));
    CHECK(text.size() == kMinPayload + extra);
    PayloadHead read;
    REQUIRE(read_payload(text, read) == PayloadState::kGood);
    CHECK(read.run == head.run);
    CHECK(read.publisher == head.publisher);
    CHECK(read.channel == head.channel);
    CHECK(read.sequence == head.sequence);
    CHECK(read.intended_ns == head.intended_ns);
    CHECK(read.sent_ns == head.sent_ns);
    CHECK(find_payload("{\"rb\":\"" + text + "\"}") == text);
  }
}

TEST_CASE("A payload with any byte changed, or cut, is corrupt; what never was one is foreign") {
  std::string text;
  append_payload(text, {1, 2, 3, 4, 5, 5}, Padding(1, 100).take(78, 0));
  PayloadHead head;
  for (std::size_t i = 2; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'a' ? 'b' : 'a';
    CHECK(read_payload(changed, head) == PayloadState::kCorrupt);
  }
  CHECK(read_payload(text.substr(0, text.size() - 1), head) == PayloadState::kCorrupt);
  CHECK(read_payload(text + "0", head) == PayloadState::kCorrupt);
  CHECK(read_payload(text.substr(1), head) == PayloadState::kForeign);
  CHECK(read_payload("hello", head) == PayloadState::kForeign);
  CHECK(find_payload("nothing here, rb either").empty());
}

TEST_CASE("A steady rate is a message every so often, from the first moment on") {
  const Plan plan = plan_of(milliseconds(1000), {{"a", milliseconds(2000), 1, 1, Ramp::kStep}});
  Schedule schedule(Curve::of_rate(plan, 100));
  for (std::uint64_t k = 0; k < 300; ++k) {
    const auto due = schedule.time_of(k);
    REQUIRE(due);
    CHECK(std::abs(*due - static_cast<std::int64_t>(k) * 10 * kMillisecond) <= 2);
  }
  CHECK_FALSE(schedule.time_of(300));
}

TEST_CASE("Ramps: linear reaches half its messages late, a spike falls back, a step stays") {
  const Plan plan = plan_of(milliseconds(0), {{"up", milliseconds(10'000), 1, 1, Ramp::kLinear},
                                              {"spike", milliseconds(3'000), 1, 4, Ramp::kSpike},
                                              {"down", milliseconds(1'000), 1, 0.5, Ramp::kStep}});
  const Curve rate = Curve::of_rate(plan, 100);
  CHECK(rate.at(0) == 0);
  CHECK(is_near(rate.at(5 * kSecond), 50, 1e-6));
  CHECK(is_near(rate.at(10 * kSecond + kSecond / 2), 400, 1e-6));
  CHECK(is_near(rate.at(12 * kSecond), 100, 1e-6));
  CHECK(is_near(rate.at(13 * kSecond + 1), 50, 1e-6));
  CHECK(is_near(rate.at(14 * kSecond), 50, 1e-6));
  CHECK(is_near(rate.area(0, 14 * kSecond), 500 + 400 + 200 + 50, 1e-6));
  Schedule schedule(rate);
  // 125 messages lie below the first half of a triangle of 500.
  CHECK(std::abs(*schedule.time_of(125) - 5 * kSecond) < kMillisecond);
  CHECK(schedule.time_of(1149));
  CHECK_FALSE(schedule.time_of(1150));
}

TEST_CASE("Every stream has one publisher and one channel, and a subscriber finds its trackers again") {
  for (const auto& [channels, publishers, each] :
       {std::tuple{1U, 16U, 1U}, {10U, 1U, 1U}, {10U, 3U, 4U}, {3U, 10U, 2U}, {5U, 5U, 5U}, {1U, 1U, 1U}}) {
    Shape shape;
    shape.channels = channels;
    shape.publishers = publishers;
    shape.channels_per_subscriber = each;
    const Layout layout(shape);
    CHECK(layout.streams() == std::max(channels, publishers));
    for (std::uint32_t stream = 0; stream < layout.streams(); ++stream) {
      CHECK(layout.stream_of(layout.publisher_of(stream), layout.channel_of(stream)) == stream);
    }
    for (std::uint32_t subscriber = 0; subscriber < 12; ++subscriber) {
      std::uint32_t found = 0;
      for (std::uint32_t tracker = 0; tracker < layout.trackers(); ++tracker) {
        const auto stream = layout.stream_of_tracker(subscriber, tracker);
        if (!stream) continue;
        ++found;
        CHECK(layout.tracker_of(subscriber, *stream) == tracker);
      }
      std::uint32_t heard = 0;
      for (std::uint32_t stream = 0; stream < layout.streams(); ++stream) {
        heard += layout.tracker_of(subscriber, stream).has_value() ? 1 : 0;
      }
      CHECK(found == heard);
    }
    std::vector<int> written(layout.streams());
    for (std::uint32_t publisher = 0; publisher < publishers; ++publisher) {
      for (std::uint32_t turn = 0; turn < layout.streams_of_publisher(publisher); ++turn) {
        const std::uint32_t stream = layout.stream_of_publisher(publisher, turn);
        CHECK(layout.publisher_of(stream) == publisher);
        ++written[stream];
      }
    }
    CHECK(written == std::vector<int>(layout.streams(), 1));
  }
}

TEST_CASE(
    "No channel is heard that is not a subscriber's own, no message taken from a publisher who is not "
    "there") {
  Shape shape;
  shape.channels = 10;
  shape.publishers = 4;
  const Layout layout(shape);
  CHECK(layout.tracker_of(3, 3));
  CHECK_FALSE(layout.tracker_of(3, 4));
  CHECK(layout.stream_of(1, 5));
  CHECK_FALSE(layout.stream_of(2, 5));
  CHECK_FALSE(layout.stream_of(4, 4));
  CHECK_FALSE(layout.stream_of(0, 12));
}

TEST_CASE("The checker tells new, late, repeated and too early apart") {
  Checker checker(2);
  CHECK(checker.take(0, 1) == Verdict::kEarly);  // not live yet
  checker.begin(0, 5);
  checker.begin(1, 0);
  CHECK(checker.take(0, 5) == Verdict::kEarly);
  CHECK(checker.take(0, 6) == Verdict::kNew);
  CHECK(checker.take(0, 6) == Verdict::kDuplicate);
  CHECK(checker.take(0, 10) == Verdict::kNew);
  CHECK(checker.take(0, 8) == Verdict::kReordered);
  CHECK(checker.take(0, 8) == Verdict::kDuplicate);
  CHECK(checker.take(0, 7) == Verdict::kReordered);
  REQUIRE(checker.missing().size() == 1);
  CHECK(checker.missing()[0].first == 9);
  CHECK(checker.missing()[0].last == 9);
  CHECK(checker.take(1, 1) == Verdict::kNew);
  CHECK(checker.is_past(0, 10));
  CHECK_FALSE(checker.is_past(0, 11));
  checker.finish(0, 12);
  checker.finish(1, 1);
  REQUIRE(checker.missing().size() == 2);
  CHECK(checker.missing()[1].first == 11);
  CHECK(checker.missing()[1].last == 12);
}

TEST_CASE("A subscriber that begins anew is not blamed for what it was not there for") {
  Checker checker(1);
  checker.begin(0, 0);
  CHECK(checker.take(0, 1) == Verdict::kNew);
  CHECK(checker.take(0, 3) == Verdict::kNew);
  checker.begin(0, 9);
  CHECK(checker.take(0, 10) == Verdict::kNew);
  checker.finish(0, 10);
  REQUIRE(checker.missing().size() == 1);  // 2, from before
  CHECK(checker.missing()[0].first == 2);
  CHECK(checker.missing()[0].last == 2);
}

TEST_CASE("Exceptions of several publishers are found by range") {
  Packer first;
  Packer second;
  Exceptions a;
  a.add({7, 3, true});
  a.add({2, 9, false});
  a.append_to(first);
  Exceptions b;
  b.add({2, 4, true});
  b.append_to(second);
  const Exceptions all = Exceptions::take(first.bytes() + second.bytes());
  CHECK(all.size() == 3);
  std::vector<std::uint32_t> found;
  all.each(2, 4, 9, [&](const Exception& one) { found.push_back(one.sequence); });
  CHECK(found == std::vector<std::uint32_t>{4, 9});
  found.clear();
  all.each(2, 5, 8, [&](const Exception& one) { found.push_back(one.sequence); });
  CHECK(found.empty());
}

TEST_CASE("A tally crosses the pipe whole, and two of them add up") {
  Tally tally(2);
  tally.stages[1][Latency::kEndToEnd].record(5'000'000);
  tally.stages[1].delivered = 7;
  tally.stages[0].published = 3;
  tally.connect.record(1'000'000);
  tally.delivery.lost = 2;
  tally.delivery.received = 40;
  tally.fail("stream_cut", "first");
  tally.fail("stream_cut", "second");
  tally.blame({"lost", "ch", "id", 1, 2, 3});
  tally.lag.record(1000);
  tally.silence.record(3'000'000);
  tally.dropped_slots = 4;
  tally.cpu = 0.5;
  Packer out;
  tally.append_to(out);
  Unpacker in(out.bytes());
  Tally read = Tally::take(in);
  CHECK(in.empty());
  read.merge(tally);
  CHECK(read.stages[1][Latency::kEndToEnd].count() == 2);
  CHECK(read.stages[1].delivered == 14);
  CHECK(read.stages[0].published == 6);
  CHECK(read.connect.count() == 2);
  CHECK(read.delivery.lost == 4);
  CHECK(read.delivery.received == 80);
  CHECK(read.delivery.samples.size() == 2);
  CHECK(read.delivery.samples[0].channel == "ch");
  CHECK(read.errors.at("stream_cut").count == 4);
  CHECK(read.errors.at("stream_cut").first == "first");
  CHECK(read.dropped_slots == 8);
  CHECK(read.silence.count() == 2);
  CHECK(read.cpu == 0.5);
}

TEST_CASE("An interval crosses the pipe with what has been counted so far") {
  IntervalTally interval;
  interval.delivered = 7;
  interval.gaps = 2;
  interval.delivery.duplicate = 3;
  interval.publish_errors = 4;
  interval.connect_errors = 5;
  interval.end_to_end.record(5'000'000);
  Packer out;
  interval.append_to(out);
  Unpacker in(out.bytes());
  IntervalTally sum = IntervalTally::take(in);
  CHECK(in.empty());
  sum.merge(interval);
  CHECK(sum.delivered == 14);
  CHECK(sum.gaps == 4);
  CHECK(sum.delivery.duplicate == 6);
  CHECK(sum.publish_errors == 8);
  CHECK(sum.connect_errors == 10);
  CHECK(sum.end_to_end.count() == 2);
}

TEST_CASE("Churn is the shape's, but where a stage says another") {
  Plan plan = plan_of(milliseconds(1000), {{"a", milliseconds(1000)}, {"b", milliseconds(1000)}});
  plan.shape.churn = 5;
  plan.stages[1].churn = 20;
  const Curve churn = Curve::of_churn(plan);
  CHECK(churn.at(0) == 5);
  CHECK(churn.at(1500 * kMillisecond) == 5);
  CHECK(churn.at(2500 * kMillisecond) == 20);
}

TEST_CASE("A plan crosses to a worker whole, and its parts are the whole") {
  Plan plan = plan_of(milliseconds(1500),
                      {{"a", milliseconds(1000)}, {"b", milliseconds(2000), 0.5, 2, Ramp::kSpike}});
  plan.name = "guilds";
  plan.target.url = "http://edge:8081";
  plan.target.transports = {Transport::kWs, Transport::kSse};
  plan.target.headers = {{"X-A", "1"}};
  plan.target.tokens = {"one", "two"};
  plan.target.driver_options = {{"key", "value"}};
  plan.shape.subscribers = 1003;
  plan.shape.channels = 10;
  plan.shape.publishers = 7;
  plan.shape.rate = 500;
  plan.shape.churn = 9;
  plan.shape.kill_every = milliseconds(300);
  plan.stages[1].churn = 3;
  plan.stages[1].action = "true";
  plan.workers = {"a:1", "b:2", "c:3"};
  plan.worker_secret = "secret";
  plan.server.pid = 7;
  std::uint32_t subscribers = 0;
  std::uint32_t channels = 0;
  std::uint32_t publishers = 0;
  double rate = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string bytes = plan_bytes(part_of(plan, i));
    Unpacker in(bytes);
    const Plan part = take_plan(in);
    CHECK(in.empty());
    CHECK(plan_bytes(part) == bytes);
    CHECK(check(part).has_value());
    subscribers += part.shape.subscribers;
    channels += part.shape.channels;
    publishers += part.shape.publishers;
    rate += part.shape.rate;
    CHECK(part.name == "guilds");
    CHECK(part.target.transports == plan.target.transports);
    CHECK(part.target.headers == plan.target.headers);
    CHECK(part.target.tokens == plan.target.tokens);
    CHECK(part.target.driver_options == plan.target.driver_options);
    CHECK(part.shape.kill_every == milliseconds(300));
    REQUIRE(part.stages.size() == 2);
    CHECK(part.stages[1].ramp == Ramp::kSpike);
    CHECK(is_near(part.stages[1].churn.value_or(0), 0.3 * part.shape.channels, 1e-9));
    CHECK_FALSE(part.stages[0].churn.has_value());
    CHECK(part.stages[1].action.empty());
    CHECK(part.workers.empty());
    CHECK(part.worker_secret.empty());
    CHECK(part.server.pid == 0);
  }
  CHECK(subscribers == 1003);
  CHECK(channels == 10);
  CHECK(publishers == 7);
  CHECK(std::abs(rate - 500) < 1e-9);
  CHECK(check(plan).has_value());
  plan.shape.channels = 2;
  CHECK_FALSE(check(plan).has_value());
}

// Not a test: what a delivery costs before it is counted. `test_bench_load "[.speed]"` in a Release build.
TEST_CASE("speed of a payload's check", "[.speed]") {
  constexpr int kTimes = 2'000'000;
  std::string text;
  append_payload(text, {1, 2, 3, 4, 5, 5}, Padding(1, 100).take(78, 0));
  const auto time = [&](const char* what, auto&& work) {
    const std::clock_t began = std::clock();  // of this process: others may have the core meanwhile
    std::uint64_t sum = 0;
    for (int i = 0; i < kTimes; ++i) {
      text.back() = i % 2 == 0 ? 'a' : 'b';
      sum += work();
    }
    const double took = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC * 1e9;
    std::printf("%s: %.1f ns (%llu)\n", what, took / kTimes, static_cast<unsigned long long>(sum % 10));
  };
  time("crc32c of 128 bytes", [&] { return crc32c(text); });
  time("crc32c of 128 bytes by table", [&] { return crc32c_by_table(text); });
  time("read_payload of 128 bytes", [&] {
    PayloadHead head;
    return static_cast<std::uint64_t>(read_payload(text, head));
  });
}
