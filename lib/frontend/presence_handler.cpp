// GET /v1/channels/{channel}/presence: who subscribes, on every instance. This instance's own clients are
// asked of its loops, those of the others of the registry; without the store the answer is of this instance
// and says so.
#include <algorithm>
#include <unordered_set>

#include "base/text.hpp"
#include "frontend/errors.hpp"
#include "frontend/handlers.hpp"
#include "frontend/instances.hpp"

namespace relay::frontend {
namespace {

// Of other instances; an answer lists no more.
constexpr std::uint32_t kMostListed = 10'000;
// In a turn of a loop.
constexpr std::size_t kListedAtOnce = 500;

// Who is there on one loop, as text: gathered in turns, from the end of the topic's list on. The last takes
// the place of one that leaves, so that nobody who stays is left out, and some would come twice.
struct Part {
  std::string clients;
  std::unordered_set<std::uint32_t> seen;
  std::size_t at = static_cast<std::size_t>(-1);
};

// The two questions under way, and their answers.
struct Asked {
  ExchangePtr exchange;
  std::vector<Part> here;
  std::optional<Result<hub::PresenceAnswer>> elsewhere;
  std::string others;  // of elsewhere, as text
  int missing = 2;
};

void append_client(std::string& out, std::string_view client, std::string_view instance,
                   std::string_view transport, std::int64_t since_ms) {
  if (!out.empty()) out += ',';
  out += "{\"clientId\":" + json_string(client) + ",\"instance\":" + json_string(instance) +
         ",\"transport\":" + json_string(transport) + ",\"since\":" + json_string(rfc3339(since_ms)) + '}';
}

// Whether there are more.
bool list_in_turn(const LoopContext& there, std::string_view channel, Part& part) {
  const hub::Topic* topic = there.hub.topics().find(channel);
  if (topic == nullptr) return false;
  part.at = std::min(part.at, topic->entries.size());
  for (std::size_t left = kListedAtOnce; part.at > 0 && left > 0; --left) {
    const hub::SubscriberInfo info = topic->entries[--part.at].subscription->subscriber().info();
    if (!part.seen.insert(info.number).second) continue;
    append_client(part.clients, info.client_id, there.shared.instance_id, info.transport, info.since_ms);
  }
  return part.at > 0;
}

std::string presence_json(const Asked& asked) {
  std::string clients;
  std::uint64_t count = 0;
  const auto add = [&](const std::string& text) {
    if (!clients.empty() && !text.empty()) clients += ',';
    clients += text;
  };
  for (const Part& part : asked.here) {
    add(part.clients);
    count += part.seen.size();
  }
  add(asked.others);
  bool complete = asked.elsewhere->has_value();
  if (complete) {
    const hub::PresenceAnswer& others = **asked.elsewhere;
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

void list_others(const std::shared_ptr<Asked>& asked, std::size_t from) {
  const std::vector<hub::Present>& others = (**asked->elsewhere).others;
  const std::size_t to = std::min(others.size(), from + kListedAtOnce);
  for (; from < to; ++from) {
    const hub::Present& who = others[from];
    append_client(asked->others, who.client_id, who.instance, who.transport, who.since_ms);
  }
  if (from == others.size()) return answer_when_whole(asked);
  asked->exchange->context().loop.post([asked, from] { list_others(asked, from); });
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
  gather_in_turns<Part>(
      context, [channel](LoopContext& there, Part& part) { return list_in_turn(there, channel, part); },
      [asked](std::vector<Part> by_loop) {
        asked->here = std::move(by_loop);
        answer_when_whole(asked);
      });
  ask_presence(context, channel, kMostListed, [asked](Result<hub::PresenceAnswer> answer) {
    asked->elsewhere = std::move(answer);
    if (*asked->elsewhere) return list_others(asked, 0);
    answer_when_whole(asked);
  });
}

}  // namespace relay::frontend
