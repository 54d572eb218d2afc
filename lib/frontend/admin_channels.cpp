// /admin/v1/channels: who is heard on this instance, over all of its loops.
#include <algorithm>
#include <map>

#include "frontend/admin_handlers.hpp"
#include "frontend/admin_json.hpp"
#include "frontend/admin_views.hpp"
#include "frontend/parameters.hpp"

namespace relay::frontend {
namespace {

Json json_of(const ChannelView& view) {
  Json json = {{"channel", view.channel}, {"subscribers", view.subscribers}, {"messages", view.messages}};
  json["last_id"] = view.last == 0 ? Json() : Json(view.last);
  json["last_time"] = view.last == 0 ? Json() : Json(rfc3339(id_time_ms(view.last)));
  return json;
}

// The same channel on several loops: subscribers add up; each loop with one fans every message out.
void merge(ChannelView& into, const ChannelView& more) {
  into.subscribers += more.subscribers;
  into.messages = std::max(into.messages, more.messages);
  into.last = std::max(into.last, more.last);
}

Result<ChannelQuery> read_query(const Exchange& exchange) {
  const auto query = QueryParameters::parse(exchange.request().query());
  if (!query) return query.error();
  const auto limit = parse_count(query->first("limit").value_or("100"), "limit", 1, kAdminPage);
  if (!limit) return limit.error();
  return ChannelQuery{std::string(query->first("after").value_or("")),
                      std::string(query->first("pattern").value_or("")), static_cast<std::size_t>(*limit)};
}

// What the store keeps of a channel, counted in one page of history.
void add_backlog(Json& json, const Result<hub::ReadAnswer>& read) {
  if (!read) {
    json["backlog_messages"] = nullptr;
    json["backlog_error"] = read.error().message;
    return;
  }
  const hub::Page& page = read->pages.front();
  std::size_t bytes = 0;
  for (const hub::MessagePtr& message : page.messages) bytes += message->data().size();
  json["backlog_messages"] = page.messages.size();
  json["backlog_bytes"] = bytes;
  json["backlog_more"] = page.more;  // further ones are kept and not counted
  const auto edge = [&](const char* key, const hub::MessagePtr& message) {
    json[std::string(key) + "_id"] = message->id();
    json[std::string(key) + "_time"] = rfc3339(message->published_ms());
  };
  if (!page.messages.empty()) {
    edge("oldest", page.messages.front());
    edge("newest", page.messages.back());
  }
}

void answer_channel(const ExchangePtr& exchange, const std::vector<std::optional<ChannelView>>& by_loop) {
  const std::string& channel = exchange->parameter();
  ChannelView view{channel};
  for (const auto& part : by_loop) {
    if (part) merge(view, *part);
  }
  LoopContext& context = exchange->context();
  const hub::ChannelOptions& keep = context.hub.options_of(channel);
  Json json = json_of(view);
  json["max_count"] = keep.max_count;
  json["max_bytes"] = keep.max_bytes;
  json["max_age_ms"] = keep.max_age.count();
  json["ephemeral"] = keep.ephemeral;
  json["presence"] = keep.presence;
  hub::ReadQuery query;
  query.channel = hub::ChannelName::copy_of(channel);
  query.limit = static_cast<std::uint32_t>(context.settings->options.history.max_limit);
  query.max_age = keep.max_age;
  context.hub.read(query, [exchange, json = std::move(json)](const Result<hub::ReadAnswer>& read) mutable {
    add_backlog(json, read);
    answer(*exchange, json);
  });
}

}  // namespace

void handle_admin_channels(const ExchangePtr& exchange) {
  const auto query = read_query(*exchange);
  if (!query) return answer(*exchange, query.error());
  const std::size_t limit = query->limit;
  ChannelQuery one_more = *query;
  ++one_more.limit;  // tells whether a page follows
  gather_in_turns<ChannelList>(
      exchange->context(),
      [one_more](LoopContext& there, ChannelList& list) {
        return list_channels_in_turn(there, one_more, list);
      },
      [exchange, limit](const std::vector<ChannelList>& by_loop) {
        std::map<std::string, ChannelView> merged;
        for (const ChannelList& list : by_loop) {
          for (const auto& [name, view] : list.views) {
            const auto [at, added] = merged.try_emplace(name, view);
            if (!added) merge(at->second, view);
          }
        }
        Json list = Json::array();
        Json next;
        for (const auto& [name, view] : merged) {
          if (list.size() == limit) {
            next = list.back()["channel"];
            break;
          }
          list.push_back(json_of(view));
        }
        answer(*exchange, {{"channels", std::move(list)}, {"next", std::move(next)}});
      });
}

void handle_admin_channel(const ExchangePtr& exchange) {
  if (const auto good = hub::check_channel_name(exchange->parameter()); !good)
    return answer(*exchange, good.error());
  gather<std::optional<ChannelView>>(
      exchange->context(),
      [channel = exchange->parameter()](LoopContext& there) { return channel_of(there, channel); },
      [exchange](std::vector<std::optional<ChannelView>> by_loop) { answer_channel(exchange, by_loop); });
}

void handle_admin_kick_channel(const ExchangePtr& exchange) {
  if (const auto good = hub::check_channel_name(exchange->parameter()); !good)
    return answer(*exchange, good.error());
  const auto body = read_body(*exchange);
  if (!body) return answer(*exchange, body.error());
  const auto reason = reason_member(*body);
  if (!reason) return answer(*exchange, reason.error());
  gather_in_turns<Kicked>(
      exchange->context(),
      [channel = exchange->parameter(), words = *reason](LoopContext& there, Kicked& part) {
        return kick_channel_in_turn(there, channel, words, part);
      },
      [exchange](const std::vector<Kicked>& by_loop) {
        std::size_t kicked = 0;
        for (const Kicked& part : by_loop) kicked += part.clients;
        answer(*exchange, {{"channel", exchange->parameter()}, {"kicked", kicked}});
      });
}

}  // namespace relay::frontend
