// GET /v1/channels/{channel}/presence: who subscribes, on every instance. This instance's own clients are
// asked of its loops, those of the others of the registry; without the store the answer is of this instance
// and says so.
#include "base/text.hpp"
#include "frontend/errors.hpp"
#include "frontend/handlers.hpp"
#include "frontend/instances.hpp"

namespace relay::frontend {
namespace {

using Infos = std::vector<hub::SubscriberInfo>;

// Of other instances; an answer lists no more.
constexpr std::uint32_t kMostListed = 10'000;

// The two questions under way, and their answers.
struct Asked {
  ExchangePtr exchange;
  std::vector<Infos> here;
  std::optional<Result<hub::PresenceAnswer>> elsewhere;
  int missing = 2;
};

void append_client(std::string& out, std::string_view client, std::string_view instance,
                   std::string_view transport, std::int64_t since_ms) {
  if (!out.empty()) out += ',';
  out += "{\"clientId\":" + json_string(client) + ",\"instance\":" + json_string(instance) +
         ",\"transport\":" + json_string(transport) + ",\"since\":" + json_string(rfc3339(since_ms)) + '}';
}

std::string presence_json(const Asked& asked) {
  const std::string& self = asked.exchange->context().shared.instance_id;
  std::string clients;
  std::uint64_t count = 0;
  for (const Infos& infos : asked.here) {
    for (const hub::SubscriberInfo& info : infos)
      append_client(clients, info.client_id, self, info.transport, info.since_ms);
    count += infos.size();
  }
  bool complete = asked.elsewhere->has_value();
  if (complete) {
    const hub::PresenceAnswer& others = **asked.elsewhere;
    for (const hub::Present& who : others.others) {
      append_client(clients, who.client_id, who.instance, who.transport, who.since_ms);
    }
    count += others.others.size();
    if (!others.all) count = std::max(count, others.entries);
    complete = others.all;
  }
  return "{\"channel\":" + json_string(asked.exchange->parameter()) + ",\"count\":" + std::to_string(count) +
         ",\"complete\":" + (complete ? "true" : "false") + ",\"clients\":[" + clients + "]}\n";
}

void answer_when_whole(const std::shared_ptr<Asked>& asked) {
  if (--asked->missing > 0) return;
  asked->exchange->respond(json_response(200, presence_json(*asked)));
}

}  // namespace

void handle_presence(const ExchangePtr& exchange) {
  const std::string& channel = exchange->parameter();
  if (const auto good = hub::check_channel_name(channel); !good)
    return exchange->respond(error_response(good.error()));
  LoopContext& context = exchange->context();
  if (!context.hub.options_of(channel).presence) {
    return exchange->respond(error_response(make_error(
        ErrorKind::kDenied, "presence_off", "presence is switched off for this channel's namespace")));
  }
  auto asked = std::make_shared<Asked>();
  asked->exchange = exchange;
  gather<Infos>(
      context, [channel](LoopContext& there) { return there.hub.presence(channel); },
      [asked](std::vector<Infos> by_loop) {
        asked->here = std::move(by_loop);
        answer_when_whole(asked);
      });
  ask_presence(context, channel, kMostListed, [asked](Result<hub::PresenceAnswer> answer) {
    asked->elsewhere = std::move(answer);
    answer_when_whole(asked);
  });
}

}  // namespace relay::frontend
