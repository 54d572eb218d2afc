#include "storage/memory/memory_store.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>

namespace relay::memory {
namespace {

// What was last kept is remembered so long after it can have expired.
constexpr Milliseconds kRemembered{24 * 3'600'000};
// Idempotency keys remembered at most; the oldest go first. Some 100 bytes each.
constexpr std::size_t kMaxRemembered = 1'000'000;
// Of the channels with something to forget, one sweep looks at this part, so that each is looked at once a
// second; of very many only so many, for the lock is held meanwhile.
constexpr std::size_t kSweepsPerRound = 10;
constexpr std::size_t kSweepPerCall = 1000;
constexpr std::size_t kLeastPlaces = 4;  // of a backlog
// What a message takes besides its payload: its names, the frames made of it, the places it stands in.
constexpr std::size_t kMessageOverhead = 256;

std::size_t inbox_cost(const hub::Message& message) {
  return message.data().size() + kMessageOverhead;
}

std::size_t digest_of(const hub::Draft& draft) {
  std::size_t seed = std::hash<std::string>{}(draft.data);
  boost::hash_combine(seed, draft.event);
  return seed;
}

}  // namespace

bool Inbox::push(const hub::DeliveryPtr& delivery) {
  const std::lock_guard lock(mutex_);
  const std::size_t cost = inbox_cost(delivery->message());
  const bool was_empty = deliveries_.empty();
  if (full_ || (!was_empty && counts_.bytes + cost > max_bytes_)) {
    miss(delivery->message());
    return false;
  }
  deliveries_.push_back(delivery);
  counts_.bytes += cost;
  return was_empty;
}

// Refusing all until the inbox is empty keeps one hole one hole, behind everything that came before it.
void Inbox::miss(const hub::Message& message) {
  if (!std::exchange(full_, true)) ++counts_.overflows;
  ++counts_.missed;
  if (message.ttl_ms() != 0) {
    missed_kept_ = true;
    return;
  }
  auto at = skipped_.find(message.channel());
  if (at == skipped_.end()) {
    hub::Skipped fresh{message.channel_name(), message.id(), message.id(), 0};
    const std::string_view name = fresh.channel.view();
    at = skipped_.emplace(name, std::move(fresh)).first;
  }
  at->second.last = message.id();
  ++at->second.count;
}

Inbox::Taken Inbox::take(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  Taken taken;
  taken.deliveries.reserve(std::min(deliveries_.size(), bytes / kMessageOverhead + 1));
  for (std::size_t cost = 0; !deliveries_.empty() && cost < bytes; deliveries_.pop_front()) {
    const std::size_t more = inbox_cost(deliveries_.front()->message());
    cost += more;
    counts_.bytes -= more;
    taken.deliveries.push_back(std::move(deliveries_.front()));
  }
  taken.more = !deliveries_.empty();
  if (taken.more) return taken;
  full_ = false;
  taken.missed_kept = std::exchange(missed_kept_, false);
  for (auto& [name, skipped] : skipped_) taken.skipped.push_back(std::move(skipped));
  skipped_.clear();
  return taken;
}

Inbox::Counts Inbox::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

MemoryStore::MemoryStore(const Clock& clock, std::size_t max_inbox_bytes)
    : clock_(clock),
      max_inbox_bytes_(max_inbox_bytes),
      epoch_(first_id_at(clock.wall_ms())),
      last_(epoch_ - 1) {}

unsigned MemoryStore::add_inbox(std::shared_ptr<Inbox> inbox) {
  const std::lock_guard lock(mutex_);
  inboxes_.push_back(std::move(inbox));
  return static_cast<unsigned>(inboxes_.size() - 1);
}

MemoryStore::Append::Append(hub::AppendRequest&& request)
    : keep(request.keep), idempotency_key(std::move(request.idempotency_key)) {
  if (!idempotency_key.empty()) digest = digest_of(request.draft);
  message = hub::Message::make(0, std::move(request.draft));
}

// Hot. With many channels what a message needs here is in no cache. Looked for one behind the other, all
// channels are waited for at once, and the places for the messages with them (Equal::is).
bool MemoryStore::append(std::span<Append* const> appends, unsigned slot) {
  assert(appends.size() <= kMostTogether);
  std::array<Channel*, kMostTogether> channels{};
  std::unique_lock lock(mutex_);
  std::transform(appends.begin(), appends.end(), channels.begin(),
                 [this](const Append* append) { return find(append->message->channel_name()); });
  const std::int64_t now_ms = clock_.wall_ms();
  std::uint64_t filled = 0;
  for (std::size_t i = 0; i < appends.size(); ++i)
    appends[i]->answer = store(*appends[i], channels[i], now_ms, filled);
  lock.unlock();
  const std::uint64_t own = filled & std::uint64_t{1} << slot;
  for (std::uint64_t left = filled ^ own; left != 0; left &= left - 1)
    inboxes_[static_cast<std::size_t>(std::countr_zero(left))]->wake();
  return own != 0;
}

// Hot: once per publish. Under the lock a message only gets its id, and the name that its channel has here
// already. `channel` is that, if there is one.
Result<hub::Appended> MemoryStore::store(Append& append, Channel* channel, std::int64_t now_ms,
                                         std::uint64_t& filled_inboxes) {
  const hub::MessagePtr message = append.message;
  std::string key;
  if (!append.idempotency_key.empty()) {
    key = std::string(message->channel()) + '\n' + append.idempotency_key;
    const auto known = remembered_.find(key);
    if (known != remembered_.end() && known->second.until_ms > now_ms) {
      if (known->second.digest != append.digest) {
        return make_error(ErrorKind::kConflict, "idempotency_conflict",
                          "this Idempotency-Key was used for another message on this channel");
      }
      return hub::Appended{known->second.id, true};
    }
  }
  last_ = next_id(now_ms, last_);
  if (channel == nullptr && message->ttl_ms() != 0) channel = &find_or_add(message->channel_name());
  append.message->store_as(last_, channel == nullptr ? message->channel_name() : channel->name);
  if (message->ttl_ms() != 0) keep(*channel, message, append.keep);
  if (!key.empty()) {
    const std::int64_t until = now_ms + hub::kIdempotencyWindow.count();
    remembered_[key] = {last_, append.digest, until};
    remembered_order_.emplace_back(until, std::move(key));
  }
  if (channel != nullptr && channel->watchers != 0) {
    const hub::DeliveryPtr delivery(new hub::Delivery(message));
    for (std::uint64_t left = channel->watchers; left != 0; left &= left - 1) {
      const int slot = std::countr_zero(left);
      if (inboxes_[static_cast<std::size_t>(slot)]->push(delivery))
        filled_inboxes |= std::uint64_t{1} << slot;
    }
  }
  return hub::Appended{last_, false};
}

MemoryStore::Channel& MemoryStore::find_or_add(const hub::ChannelName& name) {
  if (Channel* const known = find(name)) return *known;
  return **channels_.insert(std::make_unique<Channel>(name)).first;
}

// REQUIRES: not in the sweep.
void MemoryStore::forget(const Channel& channel) {
  channels_.erase(channels_.find(channel.name));
}

void MemoryStore::keep(Channel& channel, const hub::MessagePtr& message, const hub::ChannelOptions& options) {
  if (channel.messages.empty()) ++totals_.channels;
  if (!std::exchange(channel.in_sweep, true)) sweep_queue_.push_back(&channel);
  if (channel.messages.full())
    channel.messages.set_capacity(std::max(kLeastPlaces, 2 * channel.messages.capacity()));
  channel.messages.push_back(message);
  channel.bytes += message->data().size();
  ++totals_.messages;
  totals_.bytes += static_cast<std::int64_t>(message->data().size());
  channel.forget_at_ms = message->published_ms() + (options.max_age + kRemembered).count();
  while (channel.messages.size() > options.max_count ||
         (channel.bytes > options.max_bytes && channel.messages.size() > 1)) {
    drop_first(channel);
  }
}

// What shrinks gives memory back, all of it when nothing is left.
void MemoryStore::drop_first(Channel& channel) {
  const hub::Message& first = *channel.messages.front();
  channel.bytes -= first.data().size();
  --totals_.messages;
  totals_.bytes -= static_cast<std::int64_t>(first.data().size());
  channel.gone = std::max(channel.gone, first.id());
  channel.messages.pop_front();
  const std::size_t places = channel.messages.capacity();
  if (channel.messages.empty()) {
    channel.messages.set_capacity(0);
    --totals_.channels;
  } else if (places > kLeastPlaces && channel.messages.size() <= places / 4) {
    channel.messages.set_capacity(places / 2);
  }
}

// Messages with a short ttl may expire behind longer ones: page_of() passes over them, this drops them once
// they are in front.
void MemoryStore::drop_expired(Channel& channel, std::int64_t now_ms) {
  while (!channel.messages.empty() && channel.messages.front()->expires_ms() <= now_ms) {
    if (hub::namespace_of(channel.name.view()) == "bridge") ++totals_.expired_on_bridge;
    drop_first(channel);
  }
}

hub::ReadAnswer MemoryStore::read(const std::vector<hub::ReadQuery>& queries) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now_ms = clock_.wall_ms();
  hub::ReadAnswer answer;
  answer.epoch = epoch_;
  answer.last = last_;
  answer.pages.reserve(queries.size());
  for (const hub::ReadQuery& query : queries) answer.pages.push_back(page_of(query, now_ms));
  return answer;
}

hub::Page MemoryStore::page_of(const hub::ReadQuery& query, std::int64_t now_ms) {
  hub::Page page;
  Channel* const channel = find(query.channel);
  if (channel == nullptr || channel->forget_at_ms == 0) {
    // Nothing was kept here for max_age and a day; before that, nobody knows.
    page.gone = std::max(epoch_, first_id_at(now_ms - (query.max_age + kRemembered).count())) - 1;
    return page;
  }
  drop_expired(*channel, now_ms);
  page.gone = channel->gone;
  const auto& messages = channel->messages;
  auto at =
      std::upper_bound(messages.begin(), messages.end(), query.after,
                       [](MessageId after, const hub::MessagePtr& message) { return after < message->id(); });
  for (; at != messages.end(); ++at) {
    if ((*at)->expires_ms() <= now_ms) {
      page.gone = std::max(page.gone, (*at)->id());
    } else if (page.messages.size() == query.limit) {
      page.more = true;
      break;
    } else {
      page.messages.push_back(*at);
    }
  }
  return page;
}

void MemoryStore::watch(const hub::ChannelName& channel, unsigned slot) {
  const std::lock_guard lock(mutex_);
  find_or_add(channel).watchers |= std::uint64_t{1} << slot;
}

bool MemoryStore::is_watched(std::string_view channel) const {
  const std::lock_guard lock(mutex_);
  const Channel* const found = find(channel);
  return found != nullptr && found->watchers != 0;
}

void MemoryStore::unwatch(const hub::ChannelName& channel, unsigned slot) {
  const std::lock_guard lock(mutex_);
  Channel* const found = find(channel);
  if (found == nullptr) return;
  found->watchers &= ~(std::uint64_t{1} << slot);
  if (found->watchers == 0 && !found->in_sweep) forget(*found);
}

MemoryStore::Totals MemoryStore::totals() const {
  const std::lock_guard lock(mutex_);
  Totals totals = totals_;
  for (const auto& inbox : inboxes_) {
    const Inbox::Counts counts = inbox->counts();
    totals.inboxes.bytes += counts.bytes;
    totals.inboxes.overflows += counts.overflows;
    totals.inboxes.missed += counts.missed;
  }
  return totals;
}

void MemoryStore::sweep() {
  const std::lock_guard lock(mutex_);
  const std::int64_t now_ms = clock_.wall_ms();
  while (!remembered_order_.empty() &&
         (remembered_order_.front().first <= now_ms || remembered_order_.size() > kMaxRemembered)) {
    remembered_.erase(remembered_order_.front().second);
    remembered_order_.pop_front();
  }
  for (std::size_t i = std::min((sweep_queue_.size() + kSweepsPerRound - 1) / kSweepsPerRound, kSweepPerCall);
       i > 0; --i) {
    Channel& channel = *sweep_queue_.front();
    sweep_queue_.pop_front();
    drop_expired(channel, now_ms);
    if (channel.forget_at_ms > now_ms) {
      sweep_queue_.push_back(&channel);
      continue;
    }
    channel.in_sweep = false;
    channel.gone = 0;
    channel.forget_at_ms = 0;
    if (channel.watchers == 0) forget(channel);
  }
}

}  // namespace relay::memory
