// What operators ask of the process on the loops, carried out on the main thread.
//
// Asking is for any thread: a request is queued and the main thread woken by wake_signal(), which it waits
// for among its other signals. run_pending() on the main thread. The queue holds at most kMaxPending
// requests; more are refused.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "frontend/operations.hpp"

namespace relay::server {

int wake_signal();

class OperatorRequests final : public frontend::Operations {
 public:
  static constexpr std::size_t kMaxPending = 64;

  // How the server does it; the first three on the main thread, the last two on any.
  struct Actions {
    std::function<frontend::EffectiveConfig()> config;
    std::function<Result<options::Changes>()> reload;
    std::function<Result<options::Changes>(const std::string& key, const std::string& value)> set_option;
    std::function<void(std::optional<Milliseconds> spread)> drain;  // none: undrain
    std::function<std::optional<frontend::StoreTotals>()> store_totals;
  };
  explicit OperatorRequests(Actions actions) : actions_(std::move(actions)) {}

  void run_pending();

  void config(frontend::Done<frontend::EffectiveConfig> done) override;
  void reload(frontend::Done<options::Changes> done) override;
  void set_option(std::string key, std::string value, frontend::Done<options::Changes> done) override;
  void drain(Milliseconds spread) override { actions_.drain(spread); }
  void undrain() override { actions_.drain({}); }
  std::optional<frontend::StoreTotals> store_totals() const override { return actions_.store_totals(); }

 private:
  bool queue(std::function<void()> request);

  const Actions actions_;
  std::mutex mutex_;
  std::vector<std::function<void()>> pending_;
};

}  // namespace relay::server
