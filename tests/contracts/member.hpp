// One Store on an event loop and a thread of its own, and what it says, as a test on another thread sees it.
//
// Everything is awaited by condition, within a limit that only a fault reaches; a call that is not answered
// in time throws. Make all members before starting any (a MemoryStore is given its loops first).
#pragma once

#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "hub/storage.hpp"
#include "metrics/loop_metrics.hpp"
#include "net/io_loop.hpp"

namespace relay::test {

inline constexpr std::chrono::seconds kPatience{20};

// What a storage told its loop, in order.
struct Event {
  enum class Kind { kAnnounced, kInterrupted, kRestored, kSkipped };
  Kind kind;
  SteadyTime at;
  hub::MessagePtr message = nullptr;  // of an announcement
  hub::Skipped skipped = {};
};

class Recorder final : public hub::StorageEvents {
 public:
  void on_announced(hub::DeliveryPtr delivery) override;
  void on_interrupted() override { add({Event::Kind::kInterrupted, {}, nullptr}); }
  void on_restored() override { add({Event::Kind::kRestored, {}, nullptr}); }
  void on_skipped(const hub::Skipped& skipped) override {
    add({Event::Kind::kSkipped, {}, nullptr, skipped});
  }
  // As a hub that hands out at once whatever is announced.
  void on_forgotten(MessageId common) override;
  MessageId reached() const override;

  std::vector<Event> events() const;
  std::vector<hub::MessagePtr> announced(std::string_view channel = {}) const;  // empty: of all channels
  std::vector<MessageId> forgotten() const;  // each time up to where the store has what was announced
  std::size_t count(Event::Kind kind) const;
  // Whether `enough(events)` became true in time.
  bool await(const std::function<bool(const std::vector<Event>&)>& enough,
             std::chrono::milliseconds limit = kPatience) const;
  bool await_count(Event::Kind kind, std::size_t count, std::chrono::milliseconds limit = kPatience) const;

 private:
  void add(Event event);
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<Event> events_;
  std::vector<MessageId> forgotten_;
  MessageId reached_ = 0;
};

using MakeStorage = std::function<std::unique_ptr<hub::Store>(net::IoLoop&, metrics::LoopMetrics&)>;

struct Publish {
  std::string channel = "room:1";
  std::string data = "hello";
  std::uint32_t ttl_ms = 60'000;
  std::string key = {};
  hub::ChannelOptions keep = {};
  hub::Draft more = {};  // event, from, exclude, trace, is_json
};

class Member {
 public:
  Member(int index, const MakeStorage& make, const Clock& clock = system_clock());
  ~Member();
  void start();
  bool await_up(std::chrono::milliseconds limit = kPatience);

  // On the loop's thread, while the caller waits.
  void on_loop(std::function<void()> work);
  void post(std::function<void()> work) { loop_.post(std::move(work)); }
  hub::Store& store() { return *store_; }  // on the loop only
  Recorder& heard() { return recorder_; }
  metrics::LoopMetrics& metrics() { return *metrics_; }

  std::future<Result<hub::Appended>> append_later(const Publish& publish);
  std::future<Result<hub::ReadAnswer>> read_later(
      std::vector<hub::ReadQuery> queries);  // REQUIRES: one partition's
  std::future<Result<bool>> watch_later(std::string_view channel);
  Result<hub::Appended> append(const Publish& publish);
  MessageId publish(const Publish& publish);  // REQUIRES that it is stored
  Result<hub::ReadAnswer> read(std::vector<hub::ReadQuery> queries);
  hub::Page page(std::string_view channel, MessageId after = 0, std::uint32_t limit = 100'000);
  Result<bool> watch(std::string_view channel);
  void unwatch(std::string_view channel);
  hub::NodeHealth health();

 private:
  net::IoLoop loop_;
  Recorder recorder_;
  std::unique_ptr<metrics::LoopMetrics> metrics_ = std::make_unique<metrics::LoopMetrics>();
  std::unique_ptr<hub::Store> store_;
  std::thread thread_;
};

hub::ChannelName name(std::string_view channel);
hub::ReadQuery query(std::string_view channel, MessageId after = 0, std::uint32_t limit = 100'000);
std::vector<MessageId> ids_of(const std::vector<hub::MessagePtr>& messages);
bool is_ascending(const std::vector<MessageId>& ids);  // strictly

// The value, or a throw that names what was awaited.
template <class T>
T await_answer(std::future<T> future, const char* what) {
  if (future.wait_for(kPatience) != std::future_status::ready) {
    throw std::runtime_error(std::string("not answered: ") + what);
  }
  return future.get();
}

}  // namespace relay::test
