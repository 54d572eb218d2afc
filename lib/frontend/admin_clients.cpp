// /admin/v1/clients: the connections of this instance that listen, over all of its loops.
#include <charconv>

#include "frontend/admin_handlers.hpp"
#include "frontend/admin_json.hpp"
#include "frontend/admin_views.hpp"
#include "frontend/parameters.hpp"

namespace relay::frontend {
namespace {

Json json_of(const ClientView& view, std::int64_t now_ms) {
  return {{"client", view.id},
          {"transport", view.transport},
          {"address", view.address},
          {"since", rfc3339(view.since_ms)},
          {"age_ms", now_ms - view.since_ms},
          {"channels", view.channels},
          {"queued_bytes", view.queued_bytes},
          {"slow", view.slow}};
}

// Where a page begins: "LOOP.NUMBER", behind that client.
struct Position {
  std::size_t loop = 0;
  std::uint32_t number = 0;
};
Result<Position> parse_position(std::string_view text) {
  Position position;
  const auto dot = text.find('.');
  const auto number = [](std::string_view part, auto& out) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), out);
    return error == std::errc{} && end == part.data() + part.size();
  };
  if (text.empty()) return position;
  if (dot == text.npos || !number(text.substr(0, dot), position.loop) ||
      !number(text.substr(dot + 1), position.number)) {
    return make_error(ErrorKind::kInvalid, "bad_after", "after must be the next of an earlier page");
  }
  return position;
}

struct ListRequest {
  Position after;
  ClientQuery query;
};
Result<ListRequest> read_request(const Exchange& exchange) {
  const auto query = QueryParameters::parse(exchange.request().query());
  if (!query) return query.error();
  ListRequest request;
  const auto after = parse_position(query->first("after").value_or(""));
  if (!after) return after.error();
  request.after = *after;
  const auto limit = parse_count(query->first("limit").value_or("100"), "limit", 1, kAdminPage);
  if (!limit) return limit.error();
  request.query.limit = static_cast<std::size_t>(*limit);
  if (const auto text = query->first("ip")) {
    const auto range = net::IpRange::parse(*text);
    if (!range) return range.error();
    request.query.addresses = *range;
  }
  request.query.channel = query->first("channel").value_or("");
  request.query.slow = query->first("slow").value_or("") == "true";
  return request;
}

// What one loop adds to a page: nothing if the page begins behind it, and one client more than fit.
bool add_in_turn(const LoopContext& there, const ListRequest& request, ClientList& list) {
  const auto loop = static_cast<std::size_t>(there.loop.index());
  if (loop < request.after.loop) return false;
  ClientQuery query = request.query;
  query.after = loop == request.after.loop ? request.after.number : 0;
  ++query.limit;
  return list_clients_in_turn(there, query, list);
}

// The loop that serves the client named in the path; null, and answered, if there is none.
LoopContext* loop_of(const ExchangePtr& exchange, ClientId& id) {
  const Shared& shared = exchange->context().shared;
  const auto parsed = ClientId::parse(exchange->parameter());
  if (!parsed) {
    answer(*exchange, make_error(ErrorKind::kInvalid, "bad_client",
                                 "that is no client id: expected INSTANCE.LOOP.NUMBER"));
  } else if (parsed->instance != shared.instance_id) {
    answer(*exchange, make_error(ErrorKind::kNotFound, "other_instance",
                                 "that client is on instance " + parsed->instance + ", and this is " +
                                     shared.instance_id));
  } else if (parsed->loop >= shared.loops.size()) {
    answer(*exchange, make_error(ErrorKind::kNotFound, "no_such_client", "no such client is connected here"));
  } else {
    id = *parsed;
    return shared.loops[parsed->loop];
  }
  return nullptr;
}

void answer_not_found(Exchange& exchange) {
  answer(exchange, make_error(ErrorKind::kNotFound, "no_such_client", "no such client is connected here"));
}

// Runs `work` on `there` and `done` with its result back here. Thread hops: one post each way.
template <class T>
void ask(LoopContext& there, const ExchangePtr& exchange, std::function<T(LoopContext&)> work,
         std::function<void(T)> done) {
  there.loop.post([&there, &here = exchange->context(), work = std::move(work), done = std::move(done)] {
    here.loop.post([done, result = work(there)]() mutable { done(std::move(result)); });
  });
}

}  // namespace

void handle_admin_clients(const ExchangePtr& exchange) {
  const auto request = read_request(*exchange);
  if (!request) return answer(*exchange, request.error());
  gather_in_turns<ClientList>(
      exchange->context(),
      [request = *request](LoopContext& there, ClientList& list) {
        return add_in_turn(there, request, list);
      },
      [exchange, limit = request->query.limit](const std::vector<ClientList>& by_loop) {
        const std::int64_t now_ms = exchange->context().loop.clock().wall_ms();
        Json list = Json::array();
        Json next;
        std::string last;
        for (std::size_t loop = 0; loop < by_loop.size(); ++loop) {
          for (const ClientView& view : by_loop[loop].views) {
            if (list.size() == limit) next = last;
            if (list.size() == limit) break;
            list.push_back(json_of(view, now_ms));
            last = std::to_string(loop) + "." + std::to_string(view.number);
          }
        }
        answer(*exchange, {{"clients", std::move(list)}, {"next", std::move(next)}});
      });
}

void handle_admin_client(const ExchangePtr& exchange) {
  ClientId id;
  LoopContext* there = loop_of(exchange, id);
  if (there == nullptr) return;
  ask<std::optional<ClientDetail>>(
      *there, exchange, [number = id.number](LoopContext& loop) { return client_of(loop, number); },
      [exchange](std::optional<ClientDetail> detail) {
        if (!detail) return answer_not_found(*exchange);
        Json json = json_of(detail->view, exchange->context().loop.clock().wall_ms());
        json["channel_names"] = detail->channels;
        answer(*exchange, json);
      });
}

void handle_admin_kick_client(const ExchangePtr& exchange) {
  const auto body = read_body(*exchange);
  if (!body) return answer(*exchange, body.error());
  const auto reason = reason_member(*body);
  if (!reason) return answer(*exchange, reason.error());
  ClientId id;
  LoopContext* there = loop_of(exchange, id);
  if (there == nullptr) return;
  ask<bool>(
      *there, exchange,
      [number = id.number, words = *reason](LoopContext& loop) { return kick_client(loop, number, words); },
      [exchange](bool found) {
        if (!found) return answer_not_found(*exchange);
        answer(*exchange, {{"client", exchange->parameter()}, {"kicked", 1}});
      });
}

}  // namespace relay::frontend
