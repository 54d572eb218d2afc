// GET /v1/channels/{channel}/presence: who subscribes, on every loop of this instance.
#include "base/text.hpp"
#include "frontend/errors.hpp"
#include "frontend/handlers.hpp"

namespace relay::frontend {
namespace {

using Infos = std::vector<hub::SubscriberInfo>;

std::string presence_json(std::string_view channel, const std::vector<Infos>& by_loop) {
  std::string body = "{\"channel\":";
  append_json_string(body, channel);
  std::size_t count = 0;
  std::string clients;
  for (const Infos& infos : by_loop) {
    for (const hub::SubscriberInfo& info : infos) {
      if (count++ > 0) clients += ',';
      clients += "{\"clientId\":" + json_string(info.client_id) + ",\"transport\":" + json_string(info.transport) +
                 ",\"since\":" + json_string(rfc3339(info.since_ms)) + '}';
    }
  }
  return body + ",\"count\":" + std::to_string(count) + ",\"clients\":[" + clients + "]}\n";
}

}  // namespace

void handle_presence(const ExchangePtr& exchange) {
  const std::string& channel = exchange->parameter();
  if (const auto good = hub::check_channel_name(channel); !good) return exchange->respond(error_response(good.error()));
  LoopContext& context = exchange->context();
  if (!context.hub.options_of(channel).presence) {
    return exchange->respond(error_response(
        make_error(ErrorKind::kDenied, "presence_off", "presence is switched off for this channel's namespace")));
  }
  gather<Infos>(
      context, [channel](LoopContext& there) { return there.hub.presence(channel); },
      [exchange](std::vector<Infos> by_loop) {
        exchange->respond(json_response(200, presence_json(exchange->parameter(), by_loop)));
      });
}

}  // namespace relay::frontend
