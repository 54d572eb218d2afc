#include "frontend/admin_views.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <unordered_set>

#include "frontend/admin_handlers.hpp"
#include "net/connection.hpp"

namespace relay::frontend {
namespace {

bool is_internal(std::string_view channel) {
  return channel.starts_with('$');
}

ChannelView view_of(const hub::Topic& topic) {
  return {std::string(topic.name.view()), static_cast<std::int64_t>(topic.entries.size()),
          static_cast<std::int64_t>(topic.messages), topic.last};
}

ClientView view_of(net::Connection& connection, const hub::SubscriberInfo& info) {
  const bool is_unix = connection.peer() == net::IpAddress{};
  return {info.client_id,
          info.transport,
          is_unix ? "unix" : connection.peer().text(),
          info.since_ms,
          static_cast<std::int64_t>(info.channels),
          static_cast<std::int64_t>(connection.queued_bytes()),
          info.number,
          connection.congested()};
}

// By number: what subscribes in one of several partitions is not the session itself.
using Numbers = std::unordered_set<std::uint32_t>;

Numbers subscribers_of(const LoopContext& context, std::string_view channel) {
  Numbers found;
  for (const hub::SubscriberInfo& info : context.hub.presence(channel)) found.insert(info.number);
  return found;
}

// Keeps the first `limit` of what comes, in order.
template <class T, class Less>
void keep_first(std::vector<T>& all, std::size_t limit, Less less) {
  if (all.size() > limit) {
    std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(limit), all.end(), less);
    all.resize(limit);
  }
  std::sort(all.begin(), all.end(), less);
}

// Null if it is gone, or on its way.
const LoopContext::Client* find(const LoopContext& context, std::uint32_t number) {
  const auto found = context.listening.find(number);
  return found == context.listening.end() || found->second.connection->closing() ? nullptr : &found->second;
}

}  // namespace

std::vector<ChannelView> channels_of(const LoopContext& context, const ChannelQuery& query) {
  std::vector<const hub::Topic*> topics;
  context.hub.topics().for_each([&](const hub::Topic& topic) {
    const std::string_view name = topic.name.view();
    if (is_internal(name) || name <= query.after) return;
    if (!query.pattern.empty() && ::fnmatch(query.pattern.c_str(), std::string(name).c_str(), 0) != 0) return;
    topics.push_back(&topic);
  });
  keep_first(topics, query.limit,
             [](const hub::Topic* a, const hub::Topic* b) { return a->name.view() < b->name.view(); });
  std::vector<ChannelView> views;
  for (const hub::Topic* topic : topics) views.push_back(view_of(*topic));
  return views;
}

std::optional<ChannelView> channel_of(const LoopContext& context, std::string_view channel) {
  const hub::Topic* topic = context.hub.topics().find(channel);
  return topic == nullptr ? std::optional<ChannelView>() : view_of(*topic);
}

std::vector<ClientView> clients_of(const LoopContext& context, const ClientQuery& query) {
  const Numbers on_channel = query.channel.empty() ? Numbers() : subscribers_of(context, query.channel);
  std::vector<ClientView> views;
  for (const auto& [number, client] : context.listening) {
    if (number <= query.after || client.connection->closing()) continue;
    if (query.addresses && !query.addresses->contains(client.connection->peer())) continue;
    if (query.slow && !client.connection->congested()) continue;
    if (!query.channel.empty() && !on_channel.contains(number)) continue;
    views.push_back(view_of(*client.connection, client.who->info()));
  }
  keep_first(views, query.limit,
             [](const ClientView& a, const ClientView& b) { return a.number < b.number; });
  return views;
}

std::optional<ClientDetail> client_of(const LoopContext& context, std::uint32_t number) {
  const LoopContext::Client* client = find(context, number);
  if (client == nullptr) return {};
  ClientDetail detail{view_of(*client->connection, client->who->info()), {}};
  for (const hub::ChannelName& channel : client->who->channels()) {
    if (detail.channels.size() < kAdminPage) detail.channels.emplace_back(channel.view());
  }
  std::sort(detail.channels.begin(), detail.channels.end());
  return detail;
}

std::size_t kick_channel(LoopContext& context, std::string_view channel, const std::string& reason) {
  std::size_t kicked = 0;
  for (const std::uint32_t number : subscribers_of(context, channel))
    kicked += kick_client(context, number, reason) ? 1 : 0;
  return kicked;
}

bool kick_client(LoopContext& context, std::uint32_t number, const std::string& reason) {
  const LoopContext::Client* client = find(context, number);
  if (client == nullptr) return false;
  client->connection->handler()->on_kicked(reason);
  return true;
}

}  // namespace relay::frontend
