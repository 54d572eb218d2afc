// What a run shows while it goes on, on standard error: one line that renews itself on a terminal, a line now
// and then elsewhere. And where a run hears that it shall end early. One thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "load/engine.hpp"
#include "plan.hpp"

namespace relay::bench {

enum class ProgressStyle { kBar, kPlain, kNone };
// --progress: "auto" is a bar on a terminal and plain lines elsewhere.
ProgressStyle progress_style(std::string_view flag);

// "fanout  sse  127.0.0.1:8081   1,000 subs x 10 channels, open 500/s, 30 s after 5 s warm-up   seed 42"
std::string heading(const Plan& plan);
// "[=====>    ] 19s/30s   in 500/s   out 50.0k/s   p99 1.93ms   missing 0   gen lag 0.02ms", at most
// `columns` wide.
std::string bar_line(const Moment& moment, std::size_t columns);
// "load 19s/30s: 1,000 clients, in 500/s, out 50.0k/s, p99 1.93ms, missing 0, gen lag 0.02ms"
std::string plain_line(const Moment& moment);

class LiveProgress : public Progress {
 public:
  // `stop` is asked whether the run shall end early.
  LiveProgress(ProgressStyle style, std::function<bool(const Moment&)> stop);
  // What stands above the line. Goes away with it where the report follows on the same terminal.
  void begin(const std::string& heading);
  ~LiveProgress() override { finish(); }

  void on_moment(const Moment& moment) override;
  bool stop_wanted() override;
  // Takes the line away, so that what follows stands alone.
  void finish();

 private:
  bool due(const Moment& moment);

  const ProgressStyle style_;
  const std::function<bool(const Moment&)> stop_;
  bool stopped_ = false;
  bool shown_ = false;
  bool headed_ = false;
  Moment last_{};
  std::string last_stage_;
  Nanoseconds next_plain_{0};
};

}  // namespace relay::bench
