// What a WebSocket client may say: one JSON object a message, `type` names the command, `ref` comes back in
// the answer.
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "frontend/bus_listener.hpp"
#include "frontend/json_scan.hpp"
#include "frontend/parameters.hpp"
#include "frontend/publish.hpp"
#include "frontend/ws_session.hpp"

namespace relay::frontend {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxRefBytes = 256;

// A command taken apart. `raw` members are text of the message itself: payloads travel unchanged.
struct Command {
  WsSession& session;
  const Json& json;
  std::string_view text;
  std::string ref;  // `,"ref":…` or empty

  void fail(std::string_view code, std::string_view message) const { session.send_error(ref, code, message); }
  void fail(const Error& error) const { fail(error.code, error.message); }

  std::optional<std::string> string_member(const char* key) const {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_string()) return {};
    return found->get<std::string>();
  }

  struct Data {
    std::string text;
    bool is_json;
  };
  std::optional<Data> data() const {
    const auto found = json.find("data");
    if (found == json.end()) return {};
    if (found->is_string()) return Data{found->get<std::string>(), false};
    Data data{std::string(raw_member(text, "data").value_or(found->dump())), true};
    take_json(data.text);
    return data;
  }

  // Absent: empty. Nothing: not an array of strings.
  std::optional<std::vector<std::string>> exclude() const {
    const auto found = json.find("exclude");
    std::vector<std::string> ids;
    if (found == json.end()) return ids;
    if (!found->is_array()) return {};
    for (const Json& id : *found) {
      if (!id.is_string()) return {};
      ids.push_back(id.get<std::string>());
    }
    return ids;
  }
};

// The answer comes later: the client may be gone by then, its number never used again on this loop.
struct Answer {
  LoopContext& context;
  std::uint32_t number;
  std::string ref;
  WsSession* session() const {
    const auto found = context.listening.find(number);
    return found == context.listening.end() ? nullptr : static_cast<WsSession*>(found->second.who);
  }
  void fail(const Error& error) const {
    if (WsSession* here = session()) here->send_error(ref, error.code, error.message);
  }
  void ack(MessageId id, std::string_view more = {}) const {
    if (WsSession* here = session()) {
      std::string json = "{\"type\":\"ack\"" + ref;
      if (id != 0) json += ",\"id\":" + std::to_string(id);
      here->send_json(json.append(more) + '}');
    }
  }
};

Answer answer_to(const Command& command) {
  return {command.session.context(), command.session.number(), command.ref};
}

std::optional<hub::ChannelName> channel_of(
    const Command& command, Result<bool> (*check)(std::string_view) = hub::check_channel_name) {
  const auto name = command.string_member("channel");
  if (!name) {
    command.fail("bad_channel", "\"channel\" is missing");
    return {};
  }
  if (const auto good = check(*name); !good) {
    command.fail(good.error());
    return {};
  }
  return hub::ChannelName::copy_of(*name);
}

void run_subscribe(const Command& command) {
  const auto channel = channel_of(command, hub::check_heard_name);
  if (!channel) return;
  std::optional<hub::Cursor> after;
  if (const auto found = command.json.find("after"); found != command.json.end() && !found->is_null()) {
    const std::string text = found->is_string() ? found->get<std::string>() : found->dump();
    auto cursor = parse_cursor(text);
    if (!cursor) return command.fail(cursor.error());
    after = std::move(*cursor);
  }
  command.session.subscribe(*channel, std::move(after), command.ref);
}

void run_unsubscribe(const Command& command) {
  const auto channel = channel_of(command, hub::check_heard_name);
  if (channel) command.session.unsubscribe(channel->view(), command.ref);
}

void run_publish(const Command& command) {
  const auto channel = channel_of(command);
  if (!channel) return;
  const auto data = command.data();
  auto exclude = command.exclude();
  if (!data) return command.fail("no_data", "\"data\" is missing");
  if (!exclude) return command.fail("bad_exclude", "\"exclude\" must be an array of client ids");
  if (command.json.contains("event") && !command.json["event"].is_string()) {
    return command.fail("bad_event", "\"event\" must be a string");
  }
  hub::PublishRequest request;
  request.draft.channel = *channel;
  request.draft.event = command.string_member("event").value_or("");
  request.draft.data = data->text;
  request.draft.is_json = data->is_json;
  request.draft.from = command.session.client_id();
  request.draft.exclude = std::move(*exclude);
  LoopContext& context = command.session.context();
  publish(context, std::move(request), [answer = answer_to(command)](const Result<Published>& published) {
    if (!published) return answer.fail(published.error());
    answer.ack(published->id, published->local ? ",\"scope\":\"local\"" : "");
  });
}

void run_broadcast(const Command& command) {
  const auto data = command.data();
  auto exclude = command.exclude();
  if (!data) return command.fail("no_data", "\"data\" is missing");
  if (!exclude) return command.fail("bad_exclude", "\"exclude\" must be an array of client ids");
  broadcast(command.session.context(), command.session.client_id(), data->text, data->is_json,
            std::move(*exclude), [answer = answer_to(command)](Result<hub::Appended> appended) {
              appended ? answer.ack(appended->id) : answer.fail(appended.error());
            });
}

void run_direct(const Command& command) {
  const auto to = command.string_member("to");
  const auto data = command.data();
  if (!to) return command.fail("no_receiver", "\"to\" must be a client id");
  if (!data) return command.fail("no_data", "\"data\" is missing");
  direct(
      command.session.context(), command.session.client_id(), *to, data->text, data->is_json,
      [answer = answer_to(command)](Result<bool> sent) { sent ? answer.ack(0) : answer.fail(sent.error()); });
}

void run_ping(const Command& command) {
  command.session.send_json("{\"type\":\"pong\"" + command.ref + "}");
}

struct Verb {
  std::string_view name;
  void (*run)(const Command&);
};
constexpr Verb kVerbs[] = {
    {"subscribe", run_subscribe}, {"unsubscribe", run_unsubscribe}, {"publish", run_publish},
    {"broadcast", run_broadcast}, {"direct", run_direct},           {"ping", run_ping},
};

}  // namespace

void run_ws_command(WsSession& session, const std::string& text) {
  if (!is_acceptable_json(text)) return session.send_error({}, "bad_json", "a message is one JSON object");
  const Json json = Json::parse(text);
  if (!json.is_object()) return session.send_error({}, "bad_json", "a message is one JSON object");
  Command command{session, json, text, {}};
  if (const auto ref = json.find("ref"); ref != json.end()) {
    const std::string value = ref->dump();
    if (value.size() > kMaxRefBytes || ref->is_structured()) {
      return session.send_error({}, "bad_ref", "\"ref\" must be a short string or number");
    }
    command.ref = ",\"ref\":" + value;
  }
  const std::string type = command.string_member("type").value_or("");
  for (const Verb& verb : kVerbs) {
    if (verb.name == type) return verb.run(command);
  }
  command.fail("unknown_type", "unknown message type \"" + type + "\"");
}

}  // namespace relay::frontend
