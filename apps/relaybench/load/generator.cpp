#include "load/generator.hpp"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>

#include "load/pipe.hpp"
#include "load/population.hpp"
#include "load/publishers.hpp"

namespace relay::bench {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kTick = 5 * kMillisecond;
// More between two ticks is time in which this process did not run: what lies unread since then is not late.
constexpr std::int64_t kLongestTick = 4 * kTick;
constexpr std::int64_t kQuiet =
    250 * kMillisecond;  // after the last delivery, for repetitions that come late
constexpr std::int64_t kSetupReport = 250 * kMillisecond;

std::int64_t nanoseconds(milliseconds time) {
  return std::chrono::duration_cast<Nanoseconds>(time).count();
}

std::int64_t cpu_ns() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto one = [](const timeval& time) { return time.tv_sec * 1'000'000'000LL + time.tv_usec * 1000LL; };
  return one(usage.ru_utime) + one(usage.ru_stime);
}

class GeneratorLoop {
 public:
  GeneratorLoop(RunSetup& setup, std::uint32_t index, int to_parent, int from_parent)
      : station_(setup, index),
        population_(station_),
        publishers_(station_),
        tick_(station_.loop, [this] { on_tick(); }),
        to_parent_(to_parent),
        from_parent_(from_parent) {}

  void run() {
    station_.loop.post([this] {
      pthread_setname_np(pthread_self(), "relaybench/gen");
      next_tick_ = station_.now();
      on_tick();
    });
    station_.loop.run();
  }

 private:
  enum class State : std::uint8_t { kSetup, kReady, kLoad, kDrain };

  void on_tick();
  void set_up(std::int64_t now);
  void wait_for_start(std::int64_t now);
  void load(std::int64_t now);
  void drain(std::int64_t now);
  void end_drain();
  void follow_stage(std::int64_t now);
  void end_load(std::int64_t now);
  void note_lag(std::int64_t now);
  bool is_drained(std::int64_t now);
  void send_interval(std::int64_t at);
  void send(RecordKind kind, std::string_view bytes) {
    if (!write_record(to_parent_, kind, bytes)) station_.loop.stop();
  }

  Station station_;
  Population population_;
  Publishers publishers_;
  Alarm tick_;
  int to_parent_;
  int from_parent_;
  State state_ = State::kSetup;
  std::int64_t next_tick_ = 0;
  std::int64_t next_report_ = 0;
  std::size_t stage_ = Station::kNoStage;
  std::int64_t cpu_at_begin_ = 0;
  std::int64_t received_ = 0;
  std::int64_t sent_ = 0;
  std::int64_t waited_ = 0;  // of the grace: since the load ended, then since the last was published
  std::int64_t waited_at_ = 0;
  std::int64_t published_until_ = 0;  // when the last generator had published its last; 0: not yet
  std::uint64_t delivered_ = 0;
  std::int64_t last_delivery_ = 0;
  bool said_published_ = false;
};

void GeneratorLoop::on_tick() {
  const std::int64_t now = station_.now();
  note_lag(now);
  publishers_.tick(now);
  population_.tick(now, state_ == State::kSetup || state_ == State::kReady ? -1 : now - station_.begin);
  switch (state_) {
    case State::kSetup:
      set_up(now);
      break;
    case State::kReady:
      wait_for_start(now);
      break;
    case State::kLoad:
      load(now);
      break;
    case State::kDrain:
      drain(now);
      break;
  }
  next_tick_ = std::max(next_tick_ + kTick, now);
  tick_.set(station_.setup.epoch_ns + next_tick_);
}

// A generator without publishers has only its ticks to see whether it runs late.
void GeneratorLoop::note_lag(std::int64_t now) {
  if (!publishers_.is_empty() || state_ != State::kLoad) return;
  station_.tally.interval.lag.record(now - next_tick_);
  if (stage_ != Station::kNoStage) station_.tally.lag.record(now - next_tick_);
}

void GeneratorLoop::set_up(std::int64_t now) {
  if (!population_.hopeless().empty()) {
    send(RecordKind::kFailed, population_.hopeless());
    return station_.loop.stop();
  }
  if (now >= next_report_) {
    next_report_ = now + kSetupReport;
    send_interval(INT64_MIN);
  }
  if (!population_.is_ready(now) || !publishers_.is_ready()) return;
  state_ = State::kReady;
  send_interval(INT64_MIN);
  send(RecordKind::kReady, {});
}

void GeneratorLoop::wait_for_start(std::int64_t) {
  const std::int64_t start = station_.setup.board.start_ns().load();
  if (start == 0) return;
  station_.begin = start - station_.setup.epoch_ns;
  station_.tally.interval = {};
  next_report_ = station_.begin + nanoseconds(station_.plan.interval);
  state_ = State::kLoad;
  publishers_.start();
}

void GeneratorLoop::load(std::int64_t now) {
  follow_stage(now);
  const std::int64_t warmup = nanoseconds(station_.plan.warmup);
  while (now >= next_report_) {
    send_interval(next_report_ - nanoseconds(station_.plan.interval) - station_.begin - warmup);
    next_report_ += nanoseconds(station_.plan.interval);
  }
  std::int64_t length = warmup;
  for (const StagePlan& stage : station_.plan.stages) length += nanoseconds(stage.duration);
  if (now - station_.begin >= length || station_.setup.board.stop().load()) end_load(now);
}

// What is counted by the loop and not by message goes to the stage in which it was seen.
void GeneratorLoop::follow_stage(std::int64_t now) {
  const std::size_t stage = state_ == State::kLoad ? station_.stage_at(now) : Station::kNoStage;
  if (stage == stage_ && state_ == State::kLoad) return;
  const std::int64_t received = station_.metrics.get(metrics::Counter::kReceivedBytes);
  const std::int64_t sent = station_.metrics.get(metrics::Counter::kSentBytes);
  if (stage_ == Station::kNoStage) {
    cpu_at_begin_ = cpu_ns();
  } else {
    station_.tally.stages[stage_].bytes_in += static_cast<std::uint64_t>(received - received_);
    station_.tally.stages[stage_].bytes_out += static_cast<std::uint64_t>(sent - sent_);
  }
  received_ = received;
  sent_ = sent;
  stage_ = stage;
}

void GeneratorLoop::end_load(std::int64_t now) {
  const std::int64_t measured = now - station_.begin - nanoseconds(station_.plan.warmup);
  const bool was_measured = stage_ != Station::kNoStage && measured > 0;
  state_ = State::kDrain;
  if (was_measured) {
    station_.tally.cpu = static_cast<double>(cpu_ns() - cpu_at_begin_) / static_cast<double>(measured);
    follow_stage(now);
  }
  waited_at_ = last_delivery_ = now;
  delivered_ = station_.tally.interval.delivered;
  population_.settle(now);
  publishers_.end_load();
}

void GeneratorLoop::drain(std::int64_t now) {
  const std::int64_t grace = nanoseconds(station_.plan.grace);
  waited_ += std::min(now - waited_at_, kLongestTick);
  waited_at_ = now;
  if (station_.tally.interval.delivered != delivered_) {
    delivered_ = station_.tally.interval.delivered;
    last_delivery_ = now;
  }
  if (!said_published_ && (publishers_.is_idle() || waited_ > grace)) {
    publishers_.abandon();
    said_published_ = true;
    --station_.setup.board.publishing();
  }
  if (published_until_ == 0 && station_.setup.board.publishing().load() == 0) {
    published_until_ = now;
    waited_ = 0;
  }
  if (is_drained(now)) end_drain();
}

bool GeneratorLoop::is_drained(std::int64_t now) {
  if (published_until_ == 0) return false;
  if (waited_ > nanoseconds(station_.plan.grace)) return true;
  return now - std::max(last_delivery_, published_until_) > kQuiet && population_.is_whole();
}

void GeneratorLoop::end_drain() {
  Packer exceptions;
  publishers_.exceptions().append_to(exceptions);
  send(RecordKind::kDrained, exceptions.bytes());
  const auto verdict = read_record(from_parent_);
  if (verdict && verdict->kind == RecordKind::kJudge) {
    population_.judge(Exceptions::take(verdict->bytes));
    Packer tally;
    station_.tally.append_to(tally);
    send(RecordKind::kTally, tally.bytes());
  }
  station_.loop.stop();
}

void GeneratorLoop::send_interval(std::int64_t at) {
  IntervalTally& interval = station_.tally.interval;
  interval.clients = population_.live();
  interval.gaps = population_.gaps();
  interval.delivery = station_.tally.delivery;
  for (const Figures& stage : station_.tally.stages) interval.publish_errors += stage.publish_errors;
  interval.connect_errors = station_.tally.connect_errors;
  Packer record;
  record.put(at);
  interval.append_to(record);
  send(RecordKind::kInterval, record.bytes());
  interval = {};
}

}  // namespace

void run_generator(RunSetup& setup, std::uint32_t index, int to_parent, int from_parent) {
  prctl(PR_SET_TIMERSLACK, 1);
  GeneratorLoop generator(setup, index, to_parent, from_parent);
  generator.run();
}

}  // namespace relay::bench
