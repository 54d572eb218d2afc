#include "server/operator_requests.hpp"

#include <signal.h>
#include <unistd.h>

#include <utility>

namespace relay::server {
namespace {

Error busy() {
  return make_error(ErrorKind::kLimited, "busy", "too many requests of this kind are waiting");
}

}  // namespace

// A real-time signal: nobody sends it by hand, and it is no signal that relayd documents.
int wake_signal() {
  return SIGRTMIN;
}

bool OperatorRequests::queue(std::function<void()> request) {
  {
    const std::lock_guard lock(mutex_);
    if (pending_.size() >= kMaxPending) return false;
    pending_.push_back(std::move(request));
  }
  ::kill(::getpid(), wake_signal());
  return true;
}

void OperatorRequests::run_pending() {
  std::vector<std::function<void()>> requests;
  {
    const std::lock_guard lock(mutex_);
    requests.swap(pending_);
  }
  for (const auto& request : requests) request();
}

void OperatorRequests::config(frontend::Done<frontend::EffectiveConfig> done) {
  if (!queue([this, done] { done(actions_.config()); })) done(busy());
}

void OperatorRequests::reload(frontend::Done<options::Changes> done) {
  if (!queue([this, done] { done(actions_.reload()); })) done(busy());
}

void OperatorRequests::set_option(std::string key, std::string value, frontend::Done<options::Changes> done) {
  if (!queue([this, key = std::move(key), value = std::move(value), done] {
        done(actions_.set_option(key, value));
      }))
    done(busy());
}

}  // namespace relay::server
