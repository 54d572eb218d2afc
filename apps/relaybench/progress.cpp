#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/human.hpp"
#include "cli/interrupt.hpp"
#include "cli/terminal.hpp"
#include "report/units.hpp"

namespace relay::bench {
namespace {

constexpr std::size_t kBarWidth = 30;
constexpr Nanoseconds kPlainEvery = std::chrono::seconds(5);

std::string seconds(Nanoseconds time) {
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  return whole < 60 ? std::to_string(whole) + "s" : cli::human_duration(whole * 1000);
}

// "30 s", "500 ms": whole numbers as they were asked for.
std::string plain_time(milliseconds time) {
  if (time.count() % 1000 != 0) return std::to_string(time.count()) + " ms";
  if (time.count() % 60'000 == 0 && time.count() > 60'000)
    return std::to_string(time.count() / 60'000) + " min";
  return std::to_string(time.count() / 1000) + " s";
}

std::string_view phase_name(const Moment& moment) {
  switch (moment.phase) {
    case Phase::kSetup:
      return "setup";
    case Phase::kWarmup:
      return "warm-up";
    case Phase::kStage:
      return moment.stage;
    case Phase::kDrain:
      return "drain";
    case Phase::kDone:
      return "done";
  }
  return {};
}

std::string time_of(const Moment& moment) {
  std::string text = seconds(moment.elapsed);
  if (moment.length > Nanoseconds{0}) text += "/" + seconds(moment.length);
  return text;
}

std::string figures(const Moment& moment, const char* gap) {
  if (moment.phase == Phase::kSetup) {
    return cli::grouped(static_cast<std::int64_t>(moment.clients)) + " of " +
           cli::grouped(static_cast<std::int64_t>(moment.wanted)) + " clients";
  }
  return "in " + human_per_second(moment.in_rate) + gap + "out " + human_per_second(moment.out_rate) + gap +
         "p99 " + human_ns(static_cast<double>(moment.p99.count())) + gap + "missing " +
         cli::grouped(static_cast<std::int64_t>(moment.unchecked_gaps)) + gap + "gen lag " +
         human_ns(static_cast<double>(moment.lag.count()));
}

// How much of the phase is over, or of the clients there.
double done_share(const Moment& moment) {
  const bool setup = moment.phase == Phase::kSetup;
  const double whole =
      setup ? static_cast<double>(moment.wanted) : static_cast<double>(moment.length.count());
  const double part =
      setup ? static_cast<double>(moment.clients) : static_cast<double>(moment.elapsed.count());
  return whole <= 0 ? 0 : std::clamp(part / whole, 0.0, 1.0);
}

std::string transports(const TargetPlan& target) {
  std::string out;
  for (const Transport one : target.transports) out += (out.empty() ? "" : "+") + std::string(name_of(one));
  return out;
}

std::string host_of(std::string_view url) {
  const auto scheme = url.find("://");
  return std::string(scheme == url.npos ? url : url.substr(scheme + 3));
}

std::string pace_of(const Shape& shape) {
  if (shape.publishers == 0) return "no messages";
  if (shape.closed) return "closed loop of " + cli::counted(shape.publishers, "publisher");
  return "open " + human_per_second(shape.rate);
}

std::size_t bar_columns() {
  return std::max<std::size_t>(cli::terminal_columns(STDERR_FILENO), 80) - 1;
}

}  // namespace

ProgressStyle progress_style(std::string_view flag) {
  if (flag == "none") return ProgressStyle::kNone;
  if (flag == "plain") return ProgressStyle::kPlain;
  return flag == "bar" || ::isatty(STDERR_FILENO) != 0 ? ProgressStyle::kBar : ProgressStyle::kPlain;
}

std::string heading(const Plan& plan) {
  milliseconds length{0};
  for (const StagePlan& stage : plan.stages) length += stage.duration;
  return plan.name + "  " + plan.target.driver + "  " + transports(plan.target) + "  " +
         host_of(plan.target.url) + "   " + cli::counted(plan.shape.subscribers, "sub") + " x " +
         cli::counted(plan.shape.channels, "channel") + ", " + pace_of(plan.shape) + ", " +
         plain_time(length) +
         (plan.warmup.count() > 0 ? " after " + plain_time(plan.warmup) + " warm-up" : "") + "   seed " +
         std::to_string(plan.seed);
}

std::string bar_line(const Moment& moment, std::size_t columns) {
  const auto filled = static_cast<std::size_t>(done_share(moment) * kBarWidth);
  std::string bar(filled, '=');
  if (filled < kBarWidth) bar += '>';
  bar.resize(kBarWidth, ' ');
  const std::string line = "[" + bar + "] " + std::string(phase_name(moment)) + " " + time_of(moment) +
                           "   " + figures(moment, "   ");
  return cli::cut(line, columns);
}

std::string plain_line(const Moment& moment) {
  const std::string clients = moment.phase == Phase::kSetup
                                  ? ""
                                  : cli::counted(static_cast<std::int64_t>(moment.clients), "client") + ", ";
  return std::string(phase_name(moment)) + " " + time_of(moment) + ": " + clients + figures(moment, ", ");
}

LiveProgress::LiveProgress(ProgressStyle style, std::function<bool(const Moment&)> stop)
    : style_(style), stop_(std::move(stop)) {}

void LiveProgress::begin(const std::string& heading) {
  if (style_ == ProgressStyle::kNone) return;
  headed_ = style_ == ProgressStyle::kBar && ::isatty(STDOUT_FILENO) != 0;
  const std::string line = (headed_ ? cli::cut(heading, bar_columns()) : heading) + "\n";
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
}

bool LiveProgress::due(const Moment& moment) {
  if (style_ == ProgressStyle::kBar) return true;
  const bool another = !shown_ || moment.phase != last_.phase || moment.stage != last_stage_;
  if (another) next_plain_ = kPlainEvery;
  if (!another && moment.elapsed < next_plain_) return false;
  if (!another) next_plain_ = moment.elapsed + kPlainEvery;
  return true;
}

void LiveProgress::on_moment(const Moment& moment) {
  if (stop_ && stop_(moment)) stopped_ = true;
  if (style_ == ProgressStyle::kNone || moment.phase == Phase::kDone || !due(moment)) return;
  shown_ = true;
  last_ = moment;
  last_stage_ = moment.stage;
  last_.stage = last_stage_;
  const bool bar = style_ == ProgressStyle::kBar;
  const std::string line = bar ? "\r\x1b[K" + bar_line(moment, bar_columns()) : plain_line(moment) + "\n";
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
}

bool LiveProgress::stop_wanted() {
  return stopped_ || cli::interrupted();
}

void LiveProgress::finish() {
  if (style_ == ProgressStyle::kBar && shown_) std::fputs("\r\x1b[K", stderr);
  if (headed_) std::fputs("\x1b[1A\r\x1b[K", stderr);
  std::fflush(stderr);
  shown_ = headed_ = false;
}

}  // namespace relay::bench
