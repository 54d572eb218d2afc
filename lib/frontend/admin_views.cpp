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

// What serves a client on this connection: null while it is plain HTTP.
hub::Subscriber* subscriber_on(net::Connection& connection) {
  if (connection.closing()) return nullptr;
  return dynamic_cast<hub::Subscriber*>(connection.handler());
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

template <class Visit>
void for_each_client(const LoopContext& context, Visit&& visit) {
  context.connections->for_each([&](net::Connection& connection) {
    if (hub::Subscriber* subscriber = subscriber_on(connection)) visit(connection, *subscriber);
  });
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
  for_each_client(context, [&](net::Connection& connection, hub::Subscriber& subscriber) {
    if (query.addresses && !query.addresses->contains(connection.peer())) return;
    if (query.slow && !connection.congested()) return;
    const hub::SubscriberInfo info = subscriber.info();
    if (info.number <= query.after) return;
    if (!query.channel.empty() && !on_channel.contains(info.number)) return;
    views.push_back(view_of(connection, info));
  });
  keep_first(views, query.limit,
             [](const ClientView& a, const ClientView& b) { return a.number < b.number; });
  return views;
}

std::optional<ClientDetail> client_of(const LoopContext& context, std::uint32_t number) {
  std::optional<ClientDetail> detail;
  for_each_client(context, [&](net::Connection& connection, hub::Subscriber& subscriber) {
    const hub::SubscriberInfo info = subscriber.info();
    if (info.number != number) return;
    detail = ClientDetail{view_of(connection, info), {}};
  });
  if (!detail) return detail;
  context.hub.topics().for_each([&](const hub::Topic& topic) {
    const bool has =
        std::any_of(topic.entries.begin(), topic.entries.end(), [&](const hub::Topic::Entry& entry) {
          return entry.subscription->subscriber().info().number == number;
        });
    if (has && detail->channels.size() < kAdminPage) detail->channels.emplace_back(topic.name.view());
  });
  std::sort(detail->channels.begin(), detail->channels.end());
  return detail;
}

// First found, then ended: ending a client may change what is looked at.
std::size_t kick_channel(LoopContext& context, std::string_view channel, const std::string& reason) {
  const Numbers on_channel = subscribers_of(context, channel);
  std::vector<net::ConnectionHandler*> handlers;
  for_each_client(context, [&](net::Connection& connection, hub::Subscriber& subscriber) {
    if (on_channel.contains(subscriber.info().number)) handlers.push_back(connection.handler());
  });
  for (net::ConnectionHandler* handler : handlers) handler->on_kicked(reason);
  return handlers.size();
}

bool kick_client(LoopContext& context, std::uint32_t number, const std::string& reason) {
  net::ConnectionHandler* handler = nullptr;
  for_each_client(context, [&](net::Connection& connection, hub::Subscriber& subscriber) {
    if (subscriber.info().number == number) handler = connection.handler();
  });
  if (handler != nullptr) handler->on_kicked(reason);
  return handler != nullptr;
}

}  // namespace relay::frontend
