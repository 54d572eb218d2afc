#include "load/engine.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "load/actions.hpp"
#include "load/generators.hpp"
#include "load/outcome.hpp"
#include "load/server_cost.hpp"
#include "load/server_version.hpp"
#include "load/workers.hpp"

namespace relay::bench {
namespace {

constexpr std::uint64_t kOwnDescriptors = 50;  // pipes, epoll, timers, standard streams, libraries
constexpr std::int64_t kStartAfter = 50'000'000;
constexpr milliseconds kListen{20};

std::int64_t nanoseconds(milliseconds time) {
  return std::chrono::duration_cast<Nanoseconds>(time).count();
}

Result<void> check_driver(const Plan& plan, const Driver& driver) {
  const Driver::Traits traits = driver.traits();
  const auto refuse = [&](const char* what) {
    return make_error(ErrorKind::kInvalid, "bad_plan", "the driver " + plan.target.driver + " " + what);
  };
  if (plan.shape.ephemeral && !traits.ephemeral) return refuse("cannot publish ephemeral messages that way");
  if (plan.shape.channels_per_subscriber > 1 && !traits.many_channels) {
    return refuse("has one channel to a stream");
  }
  return {};
}

// Raises the soft limit to the hard one.
std::uint64_t descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

Result<void> check_descriptors(const Plan& plan) {
  const std::uint64_t clients = std::uint64_t{plan.shape.subscribers} + plan.shape.publishers;
  const auto needed = [&](std::uint64_t processes) {
    return (clients + processes - 1) / processes + kOwnDescriptors;
  };
  const std::uint64_t limit = descriptor_limit();
  if (needed(plan.processes) <= limit) return {};
  const std::uint64_t room = limit > kOwnDescriptors ? limit - kOwnDescriptors : 1;
  return make_error(ErrorKind::kInvalid, "no_descriptors",
                    "needs " + std::to_string(needed(plan.processes)) +
                        " descriptors per process, limit is " + std::to_string(limit) + ": use --processes " +
                        std::to_string((clients + room - 1) / room));
}

std::string hex_name(std::uint32_t run, std::uint32_t channel) {
  std::uint64_t state = std::uint64_t{run} << 32 | channel;
  std::string name;
  for (int i = 0; i < 4; ++i) {
    state += 0x9E3779B97F4A7C15;
    std::uint64_t value = state;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value ^ (value >> 31)));
    name += text;
  }
  return name;
}

std::vector<std::string> channel_names(const Plan& plan, const Driver& driver, std::uint32_t run) {
  const bool hex = plan.shape.hex_channels || driver.traits().hex_channels;
  char prefix[24];
  std::snprintf(prefix, sizeof prefix, "bench-%08x-", run);
  std::vector<std::string> names;
  names.reserve(plan.shape.channels);
  for (std::uint32_t i = 0; i < plan.shape.channels; ++i) {
    names.push_back(hex ? hex_name(run, i) : prefix + std::to_string(i));
  }
  return names;
}

// One run, seen from the parent: phases in order, each waits for all generators.
class Run {
 public:
  Run(const Plan& plan, Progress& progress, Crew& crew, const ServerCost& server, const RedisInfo& redis,
      Gathered& gathered)
      : plan_(plan),
        progress_(progress),
        crew_(crew),
        server_(server),
        redis_(redis),
        gathered_(gathered),
        actions_(plan.target.url),
        clients_(crew.count()),
        phase_began_(monotonic_ns()) {}

  Result<void> carry_out() {
    if (auto good = set_up(); !good) return good;
    if (auto good = load(); !good) return good;
    return drain();
  }

 private:
  Result<void> set_up();
  Result<void> load();
  Result<void> drain();
  Result<void> listen_once();
  void take(std::size_t generator, Record record);
  void take_interval(std::size_t generator, std::string_view bytes);
  void show(const IntervalTally& interval, std::int64_t at);
  void enter(Phase phase, std::string_view stage, Nanoseconds length);
  void follow_stage(std::int64_t since);
  void watch_server(std::int64_t since);

  const Plan& plan_;
  Progress& progress_;
  Crew& crew_;
  const ServerCost& server_;
  const RedisInfo& redis_;
  Gathered& gathered_;
  Actions actions_;
  std::size_t next_stage_ = 0;  // whose action has not begun
  std::string failure_;
  std::size_t ready_ = 0;
  std::size_t drained_ = 0;
  std::size_t tallies_ = 0;
  std::string exceptions_;
  std::vector<std::uint64_t> clients_;            // by generator, in setup
  std::map<std::int64_t, std::size_t> reported_;  // how many generators have reported an interval
  std::int64_t start_ = 0;
  Moment moment_;
  std::int64_t phase_began_;
  bool seen_begin_ = false;
};

Result<void> Run::listen_once() {
  auto heard = crew_.listen(kListen, [this](std::size_t i, Record record) { take(i, std::move(record)); });
  if (!failure_.empty()) return make_error(ErrorKind::kUnavailable, "setup_failed", failure_);
  return heard;
}

void Run::take(std::size_t generator, Record record) {
  switch (record.kind) {
    case RecordKind::kReady:
      ++ready_;
      break;
    case RecordKind::kFailed:
      failure_ = record.bytes;
      break;
    case RecordKind::kInterval:
      take_interval(generator, record.bytes);
      break;
    case RecordKind::kDrained:
      ++drained_;
      exceptions_ += record.bytes;
      break;
    case RecordKind::kTally: {
      Unpacker in(record.bytes);
      gathered_.tally.merge(Tally::take(in));
      ++tallies_;
      break;
    }
    default:  // said to members, or before they begin
      break;
  }
}

void Run::take_interval(std::size_t generator, std::string_view bytes) {
  Unpacker in(bytes);
  const auto at = in.take<std::int64_t>();
  const IntervalTally interval = IntervalTally::take(in);
  if (at == INT64_MIN) {  // setup
    clients_[generator] = interval.clients;
    IntervalTally sum;
    for (const std::uint64_t clients : clients_) sum.clients += clients;
    return show(sum, at);
  }
  gathered_.intervals[at].merge(interval);
  if (++reported_[at] == crew_.count()) show(gathered_.intervals[at], at);
}

// `at` is INT64_MIN in setup.
void Run::show(const IntervalTally& interval, std::int64_t at) {
  progress_.on_interval(at, interval);
  const double seconds = static_cast<double>(nanoseconds(plan_.interval)) / 1e9;
  moment_.elapsed = Nanoseconds(monotonic_ns() - phase_began_);
  moment_.clients = interval.clients;
  moment_.wanted = plan_.shape.subscribers;
  moment_.unchecked_gaps = interval.gaps;
  Figures figures;
  if (at != INT64_MIN) {
    moment_.in_rate = static_cast<double>(interval.published) / seconds;
    moment_.out_rate = static_cast<double>(interval.delivered) / seconds;
    moment_.p99 = Nanoseconds(interval.end_to_end.percentile(99));
    moment_.lag = Nanoseconds(interval.lag.percentile(99));
  }
  if (at >= 0) {
    figures = figures_of(plan_, interval, at);
    moment_.at = Nanoseconds(at);
    moment_.figures = &figures;
    moment_.interval = &interval;
  }
  progress_.on_moment(moment_);
  moment_.figures = nullptr;
  moment_.interval = nullptr;
}

void Run::enter(Phase phase, std::string_view stage, Nanoseconds length) {
  if (moment_.phase == phase && moment_.stage == stage) return;
  moment_.phase = phase;
  moment_.stage = stage;
  moment_.length = length;
  moment_.elapsed = Nanoseconds(0);
  phase_began_ = monotonic_ns();
  progress_.on_moment(moment_);
}

Result<void> Run::set_up() {
  moment_.wanted = plan_.shape.subscribers;
  progress_.on_moment(moment_);
  while (ready_ < crew_.count() || !progress_.may_begin()) {
    if (auto good = listen_once(); !good) return good;
    if (!progress_.stop_wanted()) continue;
    gathered_.aborted = true;
    return make_error(ErrorKind::kUnavailable, "interrupted", "interrupted before the load began");
  }
  for (const std::uint64_t clients : clients_) gathered_.clients += clients;
  if (server_.watches_anything()) gathered_.with_clients = server_.take();
  start_ = monotonic_ns() + kStartAfter;
  gathered_.start_wall_ms = system_clock().wall_ms();
  crew_.begin(start_);
  return {};
}

void Run::follow_stage(std::int64_t since) {
  const std::int64_t warmup = nanoseconds(plan_.warmup);
  if (since < warmup) return enter(Phase::kWarmup, {}, plan_.warmup);
  std::int64_t end = warmup;
  for (std::size_t i = 0; i < plan_.stages.size(); ++i) {
    const StagePlan& stage = plan_.stages[i];
    end += nanoseconds(stage.duration);
    // Also of a stage that was over before this process ran again.
    if (i == next_stage_ && !stage.action.empty()) actions_.begin(stage.name, stage.action, since - warmup);
    next_stage_ = std::max(next_stage_, i + 1);
    if (since >= end) continue;
    return enter(Phase::kStage, stage.name, stage.duration);
  }
}

void Run::watch_server(std::int64_t since) {
  if (seen_begin_ || since < nanoseconds(plan_.warmup)) return;
  seen_begin_ = true;
  if (server_.watches_anything()) gathered_.at_begin = server_.take();
  if (redis_.watches_anything()) gathered_.redis_at_begin = redis_.take();
}

Result<void> Run::load() {
  std::int64_t length = nanoseconds(plan_.warmup);
  for (const StagePlan& stage : plan_.stages) length += nanoseconds(stage.duration);
  std::int64_t since = 0;
  while ((since = monotonic_ns() - start_) < length) {
    follow_stage(std::max<std::int64_t>(since, 0));
    watch_server(since);
    actions_.look();
    if (auto good = listen_once(); !good) return good;
    if (!progress_.stop_wanted()) continue;
    gathered_.aborted = true;
    crew_.stop();
    break;
  }
  since = std::min(monotonic_ns() - start_, length);
  if (!gathered_.aborted) follow_stage(since);  // the last, if this process did not run while it lasted
  gathered_.measured_ns = std::max<std::int64_t>(0, since - nanoseconds(plan_.warmup));
  return {};
}

Result<void> Run::drain() {
  enter(Phase::kDrain, {}, plan_.grace);
  while (drained_ < crew_.count()) {
    actions_.look();
    if (auto good = listen_once(); !good) return good;
  }
  gathered_.drained_ns = monotonic_ns() - start_ - nanoseconds(plan_.warmup);
  if (server_.watches_anything()) gathered_.at_end = server_.take();
  if (redis_.watches_anything()) gathered_.redis_at_end = redis_.take();
  crew_.judge(exceptions_);
  while (tallies_ < crew_.count()) {
    if (auto good = listen_once(); !good) return good;
  }
  gathered_.actions = actions_.finish();
  gathered_.workers = crew_.notes();
  enter(Phase::kDone, {}, Nanoseconds(0));
  return {};
}

std::uint32_t random_run() {
  return static_cast<std::uint32_t>(std::stoul(random_hex(4), nullptr, 16));
}

// What is looked at beside the load, from this machine.
struct Watches {
  ServerCost server;
  RedisInfo redis;
};

Result<Watches> watches_of(const ServerWatch& plan) {
  auto server = ServerCost::make(plan);
  if (!server) return server.error();
  auto redis = RedisInfo::make(plan.redis_url);
  if (!redis) return redis.error();
  return Watches{std::move(*server), std::move(*redis)};
}

Gathered begin_gathering(const Plan& plan, const Watches& watches) {
  Gathered gathered(plan.stages.size());
  gathered.run = random_run();
  gathered.server_source = watches.server.source();
  if (watches.server.watches_anything()) gathered.before_clients = watches.server.take();
  gathered.server_version = server_version(plan.target, gathered.before_clients.scrape);
  return gathered;
}

Result<Gathered> gather_here(const Plan& plan, const Driver& driver, Progress& progress) {
  if (auto good = check_descriptors(plan); !good) return good.error();
  const TargetPlan& target = plan.target;
  auto streams = Dialer::make(target.url, target);
  if (!streams) return streams.error();
  auto publish = Dialer::make(target.publish_url.empty() ? target.url : target.publish_url, target);
  if (!publish) return publish.error();
  for (Dialer* dialer : {&*streams, &*publish}) {
    if (auto good = dialer->try_once(); !good) return good.error();
  }
  const auto watches = watches_of(plan.server);
  if (!watches) return watches.error();
  const Layout layout(plan.shape);
  auto board = Board::make(plan.processes, layout.streams());
  if (!board) return board.error();
  Gathered gathered = begin_gathering(plan, *watches);
  RunSetup setup{plan,
                 driver,
                 layout,
                 **board,
                 gathered.run,
                 monotonic_ns(),
                 channel_names(plan, driver, gathered.run),
                 *streams,
                 *publish};
  const auto crew = Generators::start(setup);
  if (!crew) return crew.error();
  Run one(plan, progress, **crew, watches->server, watches->redis, gathered);
  if (auto done = one.carry_out(); !done) return done.error();
  return gathered;
}

Result<Gathered> gather_elsewhere(const Plan& plan, Progress& progress) {
  const auto watches = watches_of(plan.server);
  if (!watches) return watches.error();
  Gathered gathered = begin_gathering(plan, *watches);
  const auto crew = Workers::start(plan);
  if (!crew) return crew.error();
  Run one(plan, progress, **crew, watches->server, watches->redis, gathered);
  if (auto done = one.carry_out(); !done) return done.error();
  return gathered;
}

}  // namespace

Result<Gathered> gather(const Plan& plan, Progress& progress) {
  signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  if (auto good = check(plan); !good) return good.error();
  const auto driver = make_driver(plan.target);
  if (!driver) return driver.error();
  if (auto good = check_driver(plan, **driver); !good) return good.error();
  return plan.workers.empty() ? gather_here(plan, **driver, progress) : gather_elsewhere(plan, progress);
}

Result<RunResult> run(const Plan& plan, Progress& progress) {
  const auto gathered = gather(plan, progress);
  if (!gathered) return gathered.error();
  return report_of(plan, *gathered);
}

}  // namespace relay::bench
