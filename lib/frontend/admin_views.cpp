#include "frontend/admin_views.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <iterator>

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

// Of a turn: what may be looked at, and how many connections may be ended.
constexpr std::size_t kLookedAt = 2000;
constexpr std::size_t kEnded = 200;

// Counts what it looks at.
bool wants(const Listening& who, std::string_view channel, std::size_t& left) {
  const std::vector<hub::ChannelName> channels = who.channels();
  left -= std::min(left, channels.size());
  return std::any_of(channels.begin(), channels.end(),
                     [&](const hub::ChannelName& name) { return name.view() == channel; });
}

// Visits who listens above `looked_at`, and wants the channel if one is named, until visit() says that it is
// enough. Whether there is more to look at.
template <class Visit>
bool visit_in_turn(const LoopContext& context, const std::string& channel, std::uint32_t& looked_at,
                   Visit&& visit) {
  std::size_t left = kLookedAt;
  for (auto at = context.listening.upper_bound(looked_at); at != context.listening.end(); ++at) {
    if (left == 0) return true;
    --left;
    looked_at = at->first;
    if (at->second.connection->closing()) continue;
    if (!channel.empty() && !wants(*at->second.who, channel, left)) continue;
    if (!visit(at->first, at->second)) return true;
  }
  return false;
}

// Null if it is gone, or on its way.
const LoopContext::Client* find(const LoopContext& context, std::uint32_t number) {
  const auto found = context.listening.find(number);
  return found == context.listening.end() || found->second.connection->closing() ? nullptr : &found->second;
}

}  // namespace

bool list_channels_in_turn(const LoopContext& context, const ChannelQuery& query, ChannelList& list) {
  const auto take = [&](const hub::Topic& topic) {
    const std::string_view view = topic.name.view();
    if (is_internal(view) || view <= query.after) return;
    const bool full = list.views.size() >= query.limit;
    if (full && view >= list.views.rbegin()->first) return;
    std::string name(view);
    if (!query.pattern.empty() && ::fnmatch(query.pattern.c_str(), name.c_str(), 0) != 0) return;
    list.views.insert_or_assign(std::move(name), view_of(topic));
    if (list.views.size() > query.limit) list.views.erase(std::prev(list.views.end()));
  };
  return context.hub.topics().visit_some(list.position, kLookedAt, take);
}

std::optional<ChannelView> channel_of(const LoopContext& context, std::string_view channel) {
  const hub::Topic* topic = context.hub.topics().find(channel);
  return topic == nullptr ? std::optional<ChannelView>() : view_of(*topic);
}

bool list_clients_in_turn(const LoopContext& context, const ClientQuery& query, ClientList& list) {
  list.looked_at = std::max(list.looked_at, query.after);
  const auto take = [&](std::uint32_t, const LoopContext::Client& client) {
    net::Connection& connection = *client.connection;
    if (query.addresses && !query.addresses->contains(connection.peer())) return true;
    if (query.slow && !connection.congested()) return true;
    list.views.push_back(view_of(connection, client.who->info()));
    return list.views.size() < query.limit;
  };
  return visit_in_turn(context, query.channel, list.looked_at, take) && list.views.size() < query.limit;
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

bool kick_channel_in_turn(LoopContext& context, const std::string& channel, const std::string& reason,
                          Kicked& kicked) {
  if (kicked.last == 0 && !context.listening.empty()) kicked.last = context.listening.rbegin()->first;
  std::vector<std::uint32_t> numbers;  // whoever is ended leaves what is walked over
  const auto take = [&](std::uint32_t number, const LoopContext::Client&) {
    if (number <= kicked.last) numbers.push_back(number);
    return number < kicked.last && numbers.size() < kEnded;
  };
  const bool more = visit_in_turn(context, channel, kicked.looked_at, take);
  for (const std::uint32_t number : numbers) kicked.clients += kick_client(context, number, reason) ? 1 : 0;
  return more && kicked.looked_at < kicked.last;
}

bool kick_client(LoopContext& context, std::uint32_t number, const std::string& reason) {
  const LoopContext::Client* client = find(context, number);
  if (client == nullptr) return false;
  client->connection->handler()->on_kicked(reason);
  return true;
}

}  // namespace relay::frontend
