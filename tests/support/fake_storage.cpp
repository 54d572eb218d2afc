#include "support/fake_storage.hpp"

#include <algorithm>
#include <utility>

#include "hub/hub.hpp"

namespace relay::test {
namespace {

Error link_down() {
  return make_error(ErrorKind::kUnavailable, "store_unavailable", "the link is cut");
}

}  // namespace

MessageId FakeStorage::store(std::string_view channel, std::string_view data, bool kept) {
  hub::Draft draft;
  draft.channel = hub::ChannelName::copy_of(channel);
  draft.data = data;
  draft.ttl_ms = kept ? 60'000 : 0;
  const hub::MessagePtr message(hub::Message::make(++last_, std::move(draft)));
  if (kept) backlogs_[std::string(channel)].messages.push_back(message);
  announce(message);
  return last_;
}

void FakeStorage::announce(const hub::MessagePtr& message) {
  const std::string channel(message->channel());
  if (!up_ || watched_.count(channel) == 0) return;
  bus_.push_back([this, message, channel] {
    if (watched_.count(channel) != 0) events_.on_announced(hub::DeliveryPtr(new hub::Delivery(message)));
  });
}

void FakeStorage::trim(std::string_view channel, std::size_t keep) {
  const auto found = backlogs_.find(channel);
  if (found == backlogs_.end()) return;
  auto& messages = found->second.messages;
  while (messages.size() > keep) {
    found->second.gone = messages.front()->id();
    messages.erase(messages.begin());
  }
}

void FakeStorage::lose_everything() {
  backlogs_.clear();
  last_ += 1000;
  epoch_ = last_ + 1;
}

void FakeStorage::begin_epoch(MessageId epoch) {
  epoch_ = epoch;
  last_ = epoch - 1;
}

void FakeStorage::fork(MessageId common) {
  begin_epoch(last_ + 1000);
  forks_.insert(forks_.begin(), {epoch_, common});
}

void FakeStorage::go_on_above(MessageId common) {
  last_ += 1000;
  forks_.insert(forks_.begin(), {last_, common});
}

void FakeStorage::lose_end(MessageId last) {
  last_ = last;
  for (auto& [name, backlog] : backlogs_) {
    std::erase_if(backlog.messages, [&](const hub::MessagePtr& message) { return message->id() > last; });
  }
}

bool FakeStorage::fails() {
  ++operations_;
  return fail_in_ >= 0 && fail_in_-- == 0;
}

hub::ReadAnswer FakeStorage::read_now(const std::vector<hub::ReadQuery>& queries) const {
  hub::ReadAnswer answer;
  answer.epoch = epoch_;
  answer.last = last_;
  answer.forks = forks_;
  for (const hub::ReadQuery& query : queries) {
    hub::Page& page = answer.pages.emplace_back();
    const auto found = backlogs_.find(query.channel.view());
    if (found == backlogs_.end()) continue;
    page.gone = found->second.gone;
    for (const hub::MessagePtr& message : found->second.messages) {
      if (message->id() <= query.after) continue;
      if (page.messages.size() == query.limit) {
        page.more = true;
        break;
      }
      page.messages.push_back(message);
    }
  }
  return answer;
}

void FakeStorage::append(hub::AppendRequest&& request, hub::AppendDone done) {
  const auto id = store(request.draft.channel.view(), request.draft.data, request.draft.ttl_ms != 0);
  answers_.push_back([id, done = std::move(done)] { done(hub::Appended{id, false}); });
}

void FakeStorage::read(std::vector<hub::ReadQuery> queries, hub::ReadDone done) {
  ++reads_;
  if (fails() || !up_) {
    answers_.push_back([done = std::move(done)] { done(link_down()); });
    return;
  }
  commands_.push_back([this, queries = std::move(queries), done] {
    answers_.push_back([answer = read_now(queries), done] { done(answer); });
  });
  broken_.push_back([done] { done(link_down()); });
}

void FakeStorage::watch(hub::ChannelName channel, hub::WatchDone done) {
  const std::string name(channel.view());
  if (fails()) {
    answers_.push_back([done = std::move(done)] { done(link_down()); });
    return;
  }
  waiting_watches_[name] = std::move(done);
  if (!up_) return;
  // From now on announced; the confirmation comes behind nothing that was announced before.
  watched_.insert(name);
  bus_.push_back([this, name] {
    const auto waiting = waiting_watches_.extract(name);
    if (!waiting.empty()) waiting.mapped()(true);
  });
}

void FakeStorage::unwatch(const hub::ChannelName& channel) {
  watched_.erase(std::string(channel.view()));
  waiting_watches_.erase(std::string(channel.view()));
}

bool FakeStorage::execute_command() {
  if (commands_.empty()) return false;
  const auto command = std::move(commands_.front());
  commands_.pop_front();
  broken_.pop_front();
  command();
  return true;
}

bool FakeStorage::deliver_answer() {
  if (answers_.empty()) return false;
  const auto answer = std::move(answers_.front());
  answers_.pop_front();
  answer();
  return true;
}

bool FakeStorage::deliver_announcement() {
  if (bus_.empty()) return false;
  const auto step = std::move(bus_.front());
  bus_.pop_front();
  step();
  return true;
}

void FakeStorage::settle() {
  while (execute_command() || deliver_answer() || deliver_announcement()) {
  }
}

void FakeStorage::probe() {
  if (up_)
    bus_.push_back([this, until = last_ + first_id_at(hub::kClockSlack.count())] {
      proven_ = std::max(proven_, until);
    });
}

void FakeStorage::cut() {
  if (!up_) return;
  commands_.clear();
  for (auto& fail : std::exchange(broken_, {})) answers_.push_back(std::move(fail));
  cut_but_reads();
}

void FakeStorage::cut_but_reads() {
  if (!up_) return;
  up_ = false;
  bus_.clear();
  events_.on_interrupted();
}

void FakeStorage::restore() {
  if (up_) return;
  up_ = true;
  // A watch that waited is asked for now; on_restored() follows the last confirmation.
  for (const auto& [name, done] : waiting_watches_) watched_.insert(name);
  bus_.push_back([this] {
    for (auto& [name, done] : std::exchange(waiting_watches_, {})) {
      if (watched_.count(name) != 0) done(true);
    }
    events_.on_restored();
  });
}

void FakeStore::attach(std::uint32_t partition, hub::StorageEvents& events) {
  parts_[partition] = std::make_unique<FakeStorage>(events);
}

std::uint32_t FakeStore::partition_of(std::string_view channel) const {
  std::uint32_t sum = 0;
  for (const char c : channel) sum += static_cast<unsigned char>(c);
  return sum % partitions();
}

void FakeStore::settle() {
  for (bool moved = true; moved;) {
    moved = false;
    for (const auto& part : parts_) {
      while (part->execute_command() || part->deliver_answer() || part->deliver_announcement()) moved = true;
    }
  }
}

std::vector<MessageId> RecordingSubscriber::ids() const {
  std::vector<MessageId> result;
  for (const Told& one : told) {
    if (!one.gap) result.push_back(one.id);
  }
  return result;
}

std::size_t RecordingSubscriber::gaps() const {
  return static_cast<std::size_t>(
      std::count_if(told.begin(), told.end(), [](const Told& one) { return one.gap; }));
}

void RecordingSubscriber::on_live(hub::Subscription&) {
  live = true;
  if (newest) live_at = newest();
  if (when_live) when_live();
}

void RecordingSubscriber::on_message(hub::Subscription&, hub::Delivery& delivery, bool replayed) {
  Told& one = told.emplace_back();
  one.channel = delivery.message().channel();
  one.id = delivery.message().id();
  one.replayed = replayed;
  if (!keeps_cursors) return;
  one.cursor = subscription.cursor();
  one.floor = subscription.floor();
}

void RecordingSubscriber::on_gap(hub::Subscription&, const hub::Gap& gap) {
  Told& one = told.emplace_back();
  one.gap = true;
  one.channel = gap.channel.view();
  one.id = gap.after;
  one.first = gap.first;
}

hub::StreamRequest stream_for(const std::vector<std::string>& channels, std::optional<hub::Cursor> after) {
  hub::StreamRequest request;
  request.channels = request_for(channels, {}).channels;
  request.after = std::move(after);
  return request;
}

hub::SubscribeRequest request_for(const std::vector<std::string>& channels, std::optional<MessageId> after) {
  hub::SubscribeRequest request;
  for (const std::string& channel : channels) request.channels.push_back(hub::ChannelName::copy_of(channel));
  request.after = after;
  return request;
}

}  // namespace relay::test
