#include "storage/redis/append_queue.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

namespace relay::redis {
namespace {

constexpr Milliseconds kTick{100};
// A batch holds Redis up for a millisecond at most: 128 appends of 3 to 9 us (bench_redis_publish).
constexpr std::size_t kMostAppends = 128;
constexpr std::size_t kMostBytes = 256 * 1024;
constexpr int kRenewals = 16;  // of an expiry, in a channel's max_age

std::size_t cost_of(const hub::AppendRequest& request) {
  constexpr std::size_t kNames = 256;  // keys, topic, numbers
  return request.draft.data.size() + request.draft.channel.view().size() + kNames;
}

}  // namespace

// Answers each of its appends once, though some may be late before it is back.
class AppendQueue::Batch final : public Errand {
 public:
  Batch(AppendQueue& queue, std::vector<Append> appends) : queue_(queue), appends_(std::move(appends)) {
    is_write = true;
    deadline = appends_.front().deadline;
    for (const Append& append : appends_) deadline = std::min(deadline, append.deadline);
    group_appends(appends_);
  }

  void encode(std::string& out, bool whole) const override {
    encode_appends(out, appends_, queue_.keys_, queue_.settings_, whole);
  }

  // With min_replicas what was stored waits for replicated().
  void answer(const Reply& reply) override {
    MessageId highest = 0;
    const bool waits = queue_.settings_.min_replicas > 0;
    for_each_answer(reply, appends_.size(), [&](std::size_t i, Result<hub::Appended> answer) {
      if (answer) highest = std::max(highest, answer->id);
      if (!answer || !waits) return queue_.finish(appends_[i], std::move(answer));
      stored_.emplace_back(i, *answer);
    });
    queue_.on_answered(highest);
  }

  void replicated(bool reached) override {
    for (const auto& [i, appended] : std::exchange(stored_, {})) {
      if (reached) {
        queue_.finish(appends_[i], appended);
      } else {
        const std::string count = std::to_string(queue_.settings_.min_replicas);
        queue_.finish(appends_[i], make_error(ErrorKind::kUnknown, "storage_replicas",
                                              "stored, but not on " + count + " replicas in time"));
      }
    }
  }

  void expire(SteadyTime now) {
    if (now < deadline) return;
    for (Append& append : appends_) {
      if (now >= append.deadline) queue_.finish(append, lost_append(true));
    }
  }

 private:
  AppendQueue& queue_;
  std::vector<Append> appends_;                                // as append.lua numbers them
  std::vector<std::pair<std::size_t, hub::Appended>> stored_;  // and not known to be on replicas
};

AppendQueue::AppendQueue(net::IoLoop& loop, const RedisSettings& settings, metrics::LoopMetrics& metrics,
                         const Keyspace& keys, AppendLoad& load, Events events)
    : loop_(loop),
      settings_(settings),
      metrics_(metrics),
      keys_(keys),
      load_(load),
      events_(std::move(events)) {}

AppendQueue::~AppendQueue() = default;

void AppendQueue::push(hub::AppendRequest&& request, hub::AppendDone done) {
  const SteadyTime now = loop_.clock().steady();
  const Milliseconds renewal = renewal_of(request.keep.max_age, now);
  ++load_.appends;
  load_.bytes += cost_of(request);
  waiting_.push_back(
      {std::move(request), std::move(done), now, now + settings_.publish_timeout - 2 * kTick, renewal});
  schedule();
}

// Behind all that is ready in this turn of the loop.
void AppendQueue::schedule() {
  if (out_ || waiting_.empty() || std::exchange(scheduled_, true)) return;
  boost::asio::post(loop_.context(), [this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    scheduled_ = false;
    send_batch();
  });
}

void AppendQueue::send_batch() {
  if (out_ || waiting_.empty()) return;
  out_ = std::make_shared<Batch>(*this, take_batch());
  events_.send(out_);
}

std::vector<Append> AppendQueue::take_batch() {
  std::vector<Append> batch;
  batch.reserve(std::min(waiting_.size(), kMostAppends));
  for (std::size_t bytes = 0; !waiting_.empty() && batch.size() < kMostAppends;) {
    bytes += cost_of(waiting_.front().request);
    if (bytes > kMostBytes && !batch.empty()) break;
    batch.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return batch;
}

void AppendQueue::on_answered(MessageId highest) {
  out_.reset();
  if (highest > 0) events_.on_stored(highest);
  schedule();
}

void AppendQueue::finish(Append& append, Result<hub::Appended> answer) {
  if (!append.done) return;
  --load_.appends;
  load_.bytes -= cost_of(append.request);
  const std::chrono::duration<double> took = loop_.clock().steady() - append.began;
  metrics_.observe(metrics::Histogram::kStorageCommandDuration, took.count());
  std::exchange(append.done, nullptr)(std::move(answer));
}

void AppendQueue::refuse() {
  std::deque<Append> refused;
  refused.swap(waiting_);
  for (Append& append : refused) finish(append, lost_append(false));
}

void AppendQueue::expire(SteadyTime now) {
  if (const auto batch = out_) batch->expire(now);
  while (!waiting_.empty() && waiting_.front().deadline <= now) {
    Append late = std::move(waiting_.front());
    waiting_.pop_front();
    finish(late, lost_append(false));
  }
}

// A max_age that is new here may be new to the store: until every channel was renewed with it, each append
// does so.
Milliseconds AppendQueue::renewal_of(Milliseconds max_age, SteadyTime now) {
  const Milliseconds renewal = std::min(max_age / kRenewals, kMostRenewal);
  const SteadyTime since = ages_since_.try_emplace(max_age, now).first->second;
  return now - since > renewal ? std::max(renewal, Milliseconds{1}) : Milliseconds{1};
}

}  // namespace relay::redis
