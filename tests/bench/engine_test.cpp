// The engine as a whole, against the floor server and against relayd: everything that was sent is accounted
// for.
#include "load/engine.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "load/floor.hpp"
#include "support/catch.hpp"

using namespace relay::bench;

namespace {

// Not the fixture of the other tests: run() forks, so this process has to have one thread.
class Relayd {
 public:
  explicit Relayd(bool tls = false) {
    int log[2];
    REQUIRE(pipe2(log, O_CLOEXEC) == 0);
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(1);
      dup2(log[1], STDERR_FILENO);
      execl(RELAYD_BINARY, RELAYD_BINARY, "--config", "/dev/null", "--listen", "127.0.0.1:0", "--set",
            "operator.listen=", "--set", "admin.socket=", "--set", "log.format=logfmt", "--set",
            tls ? "tls.self_signed=true" : "tls.self_signed=false", static_cast<char*>(nullptr));
      _exit(127);
    }
    ::close(log[1]);
    log_ = log[0];
    std::string text;
    char buffer[4096];
    while (text.find("event=started") == text.npos) {
      const ssize_t got = read(log_, buffer, sizeof buffer);
      INFO(text);
      REQUIRE(got > 0);
      text.append(buffer, static_cast<std::size_t>(got));
    }
    const std::string before = tls ? "https://127.0.0.1:" : "http://127.0.0.1:";
    const auto at = text.find(before);
    INFO(text);
    REQUIRE(at != text.npos);
    url_ = before + std::to_string(std::atoi(text.c_str() + at + before.size()));
  }
  ~Relayd() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    ::close(log_);
  }
  const std::string& url() const { return url_; }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int log_ = -1;
  std::string url_;
};

class Watching final : public Progress {
 public:
  void on_moment(const Moment& moment) override {
    last = moment.phase;
    most_clients = std::max(most_clients, moment.clients);
    if (moment.phase == Phase::kStage) ++in_stages;
  }
  bool stop_wanted() override { return stop_in_stage && in_stages > 0; }
  Phase last = Phase::kSetup;
  std::uint64_t most_clients = 0;
  int in_stages = 0;
  bool stop_in_stage = false;
};

Plan small_plan() {
  Plan plan;
  plan.warmup = milliseconds(200);
  plan.interval = milliseconds(200);
  plan.grace = milliseconds(8000);
  plan.stages[0].duration = milliseconds(1000);
  plan.shape.subscribers = 20;
  plan.shape.channels = 5;
  plan.shape.publishers = 3;
  plan.shape.rate = 200;
  return plan;
}

RunResult must_run(const Plan& plan, Progress& progress) {
  auto result = run(plan, progress);
  if (!result) FAIL(result.error().code + ": " + result.error().message);
  return std::move(*result);
}

void check_whole(const RunResult& result) {
  for (const Delivery::Sample& sample : result.delivery.samples) {
    UNSCOPED_INFO(sample.kind << " " << sample.channel << " " << sample.subscriber << " " << sample.sequence);
  }
  for (const ErrorCount& error : result.errors)
    UNSCOPED_INFO(error.kind << " " << error.count << " " << error.first);
  CHECK(result.delivery.lost == 0);
  CHECK(result.delivery.duplicate == 0);
  CHECK(result.delivery.reordered == 0);
  CHECK(result.delivery.corrupt == 0);
  CHECK(result.delivery.foreign == 0);
  CHECK(result.delivery.expected == result.delivery.received);
}

}  // namespace

TEST_CASE("An open loop sends what the schedule says, and every delivery is counted once") {
  Watching progress;
  const Plan plan = small_plan();
  const auto floor = run_floor(plan, progress);
  REQUIRE(floor.has_value());
  check_whole(*floor);
  CHECK(floor->total.published == 200);
  CHECK(floor->total.delivered == 800);    // 4 subscribers to a channel
  CHECK(floor->delivery.received == 960);  // with the warm-up's
  CHECK(floor->total[Latency::kEndToEnd].count() == 800);
  CHECK(floor->total[Latency::kService].max() <= floor->total[Latency::kEndToEnd].max());
  CHECK(floor->total[Latency::kConnect].count() == 20);
  CHECK(floor->total[Latency::kPublish].count() == 200);
  CHECK(std::abs(floor->total.target_publish_rate - 200) < 1e-6);
  CHECK(std::abs(floor->total.target_delivery_rate - 800) < 1e-6);
  CHECK(floor->series.size() == 5);
  CHECK(floor->errors.empty());
  CHECK(floor->server.cpu_per_delivery_ns.value_or(0) > 0);
  CHECK(progress.last == Phase::kDone);
  CHECK(progress.most_clients == 20);
}

TEST_CASE("Two generators share one load: subscribers of one hear publishers of the other") {
  const Relayd relayd;
  for (const Transport transport : {Transport::kSse, Transport::kWs, Transport::kWsRaw}) {
    Watching progress;
    Plan plan = small_plan();
    plan.target.url = relayd.url();
    plan.target.transports = {transport};
    plan.target.publish_transport = transport == Transport::kWs ? Transport::kWs : Transport::kSse;
    plan.processes = 2;
    plan.server.pid = relayd.pid();
    const RunResult result = must_run(plan, progress);
    check_whole(result);
    CHECK(result.total.published == 200);
    CHECK(result.total.delivered == 800);
    CHECK(result.generator.processes == 2);
    CHECK(result.server.rss_bytes.value_or(0) > 0);
  }
}

TEST_CASE("Those who are cut off come back and miss nothing; those who begin anew are owed nothing") {
  const Relayd relayd;
  Watching progress;
  Plan plan = small_plan();
  plan.target.url = relayd.url();
  plan.target.transports = {Transport::kSse, Transport::kWs};
  plan.shape.kill_share = 0.5;
  plan.shape.kill_every = milliseconds(300);
  plan.shape.reconnect_after = milliseconds(50);
  const RunResult killed = must_run(plan, progress);
  check_whole(killed);
  CHECK(killed.delivery.received == 960);
  CHECK(killed.total[Latency::kReplay].count() >= 20);
  plan.shape.kill_share = 0;
  plan.shape.churn = 40;
  const RunResult churned = must_run(plan, progress);
  check_whole(churned);
  CHECK(churned.total[Latency::kReplay].empty());
  CHECK(churned.total[Latency::kConnect].count() > 40);
}

TEST_CASE("A closed loop keeps its window full, pairs hear their own channel alone") {
  const Relayd relayd;
  Watching progress;
  Plan plan = small_plan();
  plan.target.url = relayd.url();
  plan.shape.channels = plan.shape.subscribers;
  plan.shape.rate = 0;
  plan.shape.closed = true;
  plan.shape.window = 4;
  plan.shape.hex_channels = true;
  plan.shape.size_min = 50;
  plan.shape.size_max = 2000;
  const RunResult result = must_run(plan, progress);
  check_whole(result);
  CHECK(result.total.published > 100);
  CHECK(result.total.delivered == result.total.published);
  CHECK(result.total.target_publish_rate == 0);
}

TEST_CASE("Stages bring clients and rates up and down, each with figures of its own") {
  const Relayd relayd;
  Watching progress;
  Plan plan = small_plan();
  plan.target.url = relayd.url();
  plan.warmup = milliseconds(0);
  plan.stages = {{"up", milliseconds(600), 1, 1, Ramp::kLinear},
                 {"half", milliseconds(400), 0.5, 0.5, Ramp::kStep}};
  const RunResult result = must_run(plan, progress);
  check_whole(result);
  REQUIRE(result.stages.size() == 2);
  CHECK(result.stages[0].figures.published == 60);
  CHECK(result.stages[1].figures.published == 40);
  // 10 of 20 are left, 2 to a channel; the others went a tick after the first message.
  CHECK(result.stages[1].figures.delivered >= 80);
  CHECK(result.stages[1].figures.delivered < 160);
  CHECK(result.total.published == 100);
}

TEST_CASE("A run that is stopped early is drained and says so") {
  const Relayd relayd;
  Watching progress;
  progress.stop_in_stage = true;
  Plan plan = small_plan();
  plan.target.url = relayd.url();
  plan.stages[0].duration = milliseconds(600'000);
  const RunResult result = must_run(plan, progress);
  check_whole(result);
  CHECK(result.run.aborted);
  CHECK(result.run.duration_ns < 60'000'000'000);
}

TEST_CASE("Over TLS all is the same, and a certificate that nobody vouches for is not taken") {
  const Relayd relayd(true);
  Watching progress;
  Plan plan = small_plan();
  plan.target.url = relayd.url();
  plan.target.transports = {Transport::kSse, Transport::kWs};
  const auto refused = run(plan, progress);
  CHECK_FALSE(refused.has_value());
  plan.target.insecure = true;
  const RunResult result = must_run(plan, progress);
  check_whole(result);
  CHECK(result.total.delivered == 800);
}

TEST_CASE("What cannot be run is said before anything is") {
  Watching progress;
  const auto code_of = [&](const Plan& plan) {
    const auto result = run(plan, progress);
    return result ? std::string("ran") : result.error().code;
  };
  Plan plan = small_plan();
  plan.target.url = "http://127.0.0.1:1";
  CHECK(code_of(plan) == "not_reached");
  plan.target.driver = "rely";
  CHECK(code_of(plan) == "no_driver");
  plan = small_plan();
  plan.shape.subscribers = 10'000'000;
  CHECK(code_of(plan) == "no_descriptors");
  plan = small_plan();
  plan.shape.size_min = 10;
  CHECK(code_of(plan) == "bad_plan");
  const Relayd relayd;
  plan = small_plan();
  plan.target.url = relayd.url() + "/nothing";
  CHECK(code_of(plan) == "setup_failed");
}
