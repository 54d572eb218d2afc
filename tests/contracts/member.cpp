#include "contracts/member.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace relay::test {

void Recorder::add(Event event) {
  const std::lock_guard lock(mutex_);
  event.at = std::chrono::steady_clock::now();
  events_.push_back(std::move(event));
  changed_.notify_all();
}

void Recorder::on_announced(hub::DeliveryPtr delivery) {
  {
    const std::lock_guard lock(mutex_);
    reached_ = std::max(reached_, delivery->message().id());
  }
  add({Event::Kind::kAnnounced, {}, delivery->shared_message()});
}

void Recorder::on_forgotten(MessageId common) {
  const std::lock_guard lock(mutex_);
  forgotten_.push_back(common);
  reached_ = std::min(reached_, common);
}

MessageId Recorder::reached() const {
  const std::lock_guard lock(mutex_);
  return reached_;
}

std::vector<MessageId> Recorder::forgotten() const {
  const std::lock_guard lock(mutex_);
  return forgotten_;
}

std::vector<Event> Recorder::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

std::vector<hub::MessagePtr> Recorder::announced(std::string_view channel) const {
  const std::lock_guard lock(mutex_);
  std::vector<hub::MessagePtr> messages;
  for (const Event& event : events_) {
    if (event.message && (channel.empty() || event.message->channel() == channel))
      messages.push_back(event.message);
  }
  return messages;
}

std::size_t Recorder::count(Event::Kind kind) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(events_.begin(), events_.end(), [&](const Event& event) { return event.kind == kind; }));
}

bool Recorder::await(const std::function<bool(const std::vector<Event>&)>& enough,
                     std::chrono::milliseconds limit) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [&] { return enough(events_); });
}

bool Recorder::await_count(Event::Kind kind, std::size_t count, std::chrono::milliseconds limit) const {
  return await(
      [&](const std::vector<Event>& events) {
        std::size_t seen = 0;
        for (const Event& event : events) seen += event.kind == kind ? 1 : 0;
        return seen >= count;
      },
      limit);
}

Member::Member(int index, const MakeStorage& make, const Clock& clock)
    : loop_(index, clock), store_(make(loop_, *metrics_)) {
  for (std::uint32_t i = 0; i < store_->partitions(); ++i) store_->attach(i, recorder_);
}

void Member::start() {
  thread_ = std::thread([this] { loop_.run(); });
  on_loop([this] { store_->start(); });
}

Member::~Member() {
  if (!thread_.joinable()) return;
  std::promise<void> gone;
  loop_.post([&] {
    store_->stop();
    store_.reset();
    gone.set_value();
  });
  gone.get_future().wait();
  loop_.stop();
  thread_.join();
}

void Member::on_loop(std::function<void()> work) {
  auto done = std::make_shared<std::promise<void>>();
  auto ended = done->get_future();
  loop_.post([work = std::move(work), done] {
    work();
    done->set_value();
  });
  await_answer(std::move(ended), "work on the loop");
}

bool Member::await_up(std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  const auto all_up = [this] {
    bool up = true;
    on_loop([&] {
      for (const hub::NodeHealth& node : store_->health()) up = up && node.up;
    });
    return up;
  };
  while (!all_up()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

std::future<Result<hub::Appended>> Member::append_later(const Publish& publish) {
  auto promise = std::make_shared<std::promise<Result<hub::Appended>>>();
  hub::AppendRequest request;
  request.draft = publish.more;
  request.draft.channel = name(publish.channel);
  request.draft.data = publish.data;
  request.draft.ttl_ms = publish.ttl_ms;
  request.keep = publish.keep;
  request.idempotency_key = publish.key;
  loop_.post([this, request = std::move(request), promise]() mutable {
    hub::Storage& storage = store_->of(request.draft.channel.view());
    storage.append(std::move(request),
                   [promise](Result<hub::Appended> answer) { promise->set_value(std::move(answer)); });
  });
  return promise->get_future();
}

std::future<Result<hub::ReadAnswer>> Member::read_later(std::vector<hub::ReadQuery> queries) {
  auto promise = std::make_shared<std::promise<Result<hub::ReadAnswer>>>();
  loop_.post([this, queries = std::move(queries), promise]() mutable {
    hub::Storage& storage =
        queries.empty() ? store_->partition(0) : store_->of(queries.front().channel.view());
    storage.read(std::move(queries),
                 [promise](Result<hub::ReadAnswer> answer) { promise->set_value(std::move(answer)); });
  });
  return promise->get_future();
}

std::future<Result<bool>> Member::watch_later(std::string_view channel) {
  auto promise = std::make_shared<std::promise<Result<bool>>>();
  loop_.post([this, channel = name(channel), promise] {
    store_->of(channel.view()).watch(channel, [promise](Result<bool> answer) {
      promise->set_value(std::move(answer));
    });
  });
  return promise->get_future();
}

Result<hub::Appended> Member::append(const Publish& publish) {
  return await_answer(append_later(publish), "append");
}

MessageId Member::publish(const Publish& publish) {
  const auto answer = append(publish);
  if (!answer) throw std::runtime_error("not stored: " + answer.error().message);
  return answer->id;
}

Result<hub::ReadAnswer> Member::read(std::vector<hub::ReadQuery> queries) {
  return await_answer(read_later(std::move(queries)), "read");
}

hub::Page Member::page(std::string_view channel, MessageId after, std::uint32_t limit) {
  auto answer = read({query(channel, after, limit)});
  if (!answer) throw std::runtime_error("not read: " + answer.error().message);
  return std::move(answer->pages.at(0));
}

Result<bool> Member::watch(std::string_view channel) {
  return await_answer(watch_later(channel), "watch");
}

void Member::unwatch(std::string_view channel) {
  on_loop([&] { store_->of(channel).unwatch(name(channel)); });
}

hub::NodeHealth Member::health() {
  hub::NodeHealth health;
  on_loop([&] { health = store_->health().at(0); });
  return health;
}

hub::ChannelName name(std::string_view channel) {
  return hub::ChannelName::copy_of(channel);
}

hub::ReadQuery query(std::string_view channel, MessageId after, std::uint32_t limit) {
  hub::ReadQuery made;
  made.channel = name(channel);
  made.after = after;
  made.limit = limit;
  return made;
}

std::vector<MessageId> ids_of(const std::vector<hub::MessagePtr>& messages) {
  std::vector<MessageId> ids;
  for (const hub::MessagePtr& message : messages) ids.push_back(message->id());
  return ids;
}

bool is_ascending(const std::vector<MessageId>& ids) {
  return std::adjacent_find(ids.begin(), ids.end(), std::greater_equal<>()) == ids.end();
}

}  // namespace relay::test
