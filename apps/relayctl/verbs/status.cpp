#include "verbs/status.hpp"

#include <cmath>

#include "cli/human.hpp"
#include "cli/render.hpp"
#include "cli/terminal.hpp"
#include "context.hpp"

namespace relay::ctl {
namespace {

std::int64_t number(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<std::int64_t>() : 0;
}

double real(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<double>() : 0;
}

std::string text(const Json& json, const char* key) {
  return json.value(key, std::string());
}

std::string line(std::string_view name, const std::string& rest) {
  std::string out = "  " + std::string(name);
  out.resize(12, ' ');
  return out + rest + "\n";
}

std::string percent(double part, double whole) {
  if (whole <= 0) return "-";
  const double value = 100 * part / whole;
  std::string digits = std::to_string(value);
  digits.resize(digits.find('.') + (value < 10 ? 2 : 0));
  return digits + " %";
}

std::string milliseconds(double value) {
  std::string digits = std::to_string(value);
  digits.resize(digits.find('.') + 2);
  return digits + " ms";
}

std::string clients_line(const Json& status) {
  const double clients = real(status, "clients");
  return grouped(number(status, "clients")) + "  (sse " + grouped(number(status, "sse")) + "  ws " +
         grouped(number(status, "websocket")) + "  longpoll " + grouped(number(status, "longpoll")) + ")   " +
         percent(clients, real(status, "peak_clients")) + " of peak   " +
         percent(clients, real(status, "capacity")) + " of " + grouped(number(status, "capacity")) +
         " that fit";
}

std::string messages_line(const Json& status) {
  return human_rate(real(status, "published_per_second")) + " in  " +
         human_rate(real(status, "delivered_per_second")) + " out   stored to handed over p50 " +
         milliseconds(real(status, "delivery_p50_ms")) + "  p99 " +
         milliseconds(real(status, "delivery_p99_ms")) + "   dropped " + grouped(number(status, "dropped"));
}

std::string node_words(const Json& node, bool color) {
  const bool up = node.value("up", false);
  std::string words =
      text(node, "node") + " " + painted(up ? "up" : "down", up ? Ink::kGood : Ink::kBad, color);
  const std::int64_t since = parse_rfc3339(text(node, "since"));
  if (since >= 0)
    words += " for " + human_duration(std::max<std::int64_t>(0, system_clock().wall_ms() - since));
  if (number(node, "probe_age_ms") > 0)
    words += ", proven " + human_duration(number(node, "probe_age_ms")) + " ago";
  return words;
}

std::string storage_line(const Json& status, bool color) {
  std::string out = text(status, "storage");
  for (const Json& node : status.value("nodes", Json::array())) out += "   " + node_words(node, color);
  if (status.contains("backlog_messages")) {
    out += "   backlog " + grouped(number(status, "backlog_messages")) + " messages, " +
           human_bytes(number(status, "backlog_bytes"));
  }
  return out;
}

// Who else lives, and how to be rid of who does not.
std::string peers_line(const std::vector<Json>& instances, bool color) {
  std::int64_t alive = 0;
  std::int64_t dead = 0;
  std::string silent;
  for (const Json& instance : instances) {
    if (text(instance, "state") != "dead") {
      ++alive;
      continue;
    }
    if (++dead <= 3)
      silent += (silent.empty() ? "" : ", ") + text(instance, "instance") + " silent for " +
                human_duration(number(instance, "silent_ms"));
  }
  std::string out = std::to_string(alive) + " alive, " + std::to_string(dead) + " dead";
  if (dead > 0)
    out +=
        "   " + painted("! " + silent, Ink::kWarn, color) + "  ->  relayctl instances purge --dead --dry-run";
  return out;
}

std::string screen(const Json& status, const std::vector<Json>& instances, bool color) {
  const bool ready = status.value("ready", false);
  std::string out =
      painted("relayd " + text(status, "version") + " on " + text(status, "instance"), Ink::kBold, color) +
      "   " + painted(text(status, "state"), ready ? Ink::kGood : Ink::kBad, color) + ", up " +
      human_duration(number(status, "uptime_ms")) + "   host " + text(status, "host") + ", pid " +
      std::to_string(number(status, "pid")) + "\n";
  out += line("clients", clients_line(status));
  out += line("messages", messages_line(status));
  out += line("channels", grouped(number(status, "channels")) + ", " +
                              grouped(number(status, "subscriptions")) + " subscriptions");
  out += line("storage", storage_line(status, color));
  out += line("instances", peers_line(instances, color));
  for (const Json& reason : status.value("reasons", Json::array()))
    out += line("!", painted(bare(reason), Ink::kBad, color));
  if (status.value("reload_failed", false)) {
    out += line("!", painted("the last reload failed: relayctl config check, then relayctl config reload",
                             Ink::kWarn, color));
  }
  return out;
}

}  // namespace

Form status_form() {
  return {
      .text = "Exit status 1 says that the instance is not ready.\n",
      .examples = {{"relayctl status", "this machine's relayd"},
                   {"relayctl status -o json | jq .clients", "for scripts"}},
      .columns = {
          {"instance", "INSTANCE", Kind::kText, Show::kAlways, "its id"},
          {"version", "VERSION", Kind::kText, Show::kAlways, "of relayd"},
          {"host", "HOST", Kind::kText, Show::kAlways, "it runs on"},
          {"pid", "PID", Kind::kText, Show::kAlways, "its process"},
          {"started", "STARTED", Kind::kTime, Show::kAlways, "when"},
          {"uptime_ms", "UPTIME", Kind::kDuration, Show::kAlways, "since then"},
          {"ready", "READY", Kind::kBool, Show::kAlways, "whether clients should come"},
          {"state", "STATE", Kind::kText, Show::kAlways, "ready, not_ready or draining"},
          {"reasons", "REASONS", Kind::kList, Show::kAlways, "why it is not ready"},
          {"nodes", "NODES", Kind::kObject, Show::kNever,
           "of the store: node, up, since, probe_age_ms, reason"},
          {"clients", "CLIENTS", Kind::kNumber, Show::kAlways,
           "connected now; sse, websocket and longpoll are parts of it"},
          {"sse", "SSE", Kind::kNumber, Show::kAlways, "clients over Server-Sent Events"},
          {"websocket", "WEBSOCKET", Kind::kNumber, Show::kAlways, "clients over WebSocket"},
          {"longpoll", "LONGPOLL", Kind::kNumber, Show::kAlways, "clients that wait in a long poll"},
          {"peak_clients", "PEAK", Kind::kNumber, Show::kAlways, "most clients at a time since the start"},
          {"capacity", "CAPACITY", Kind::kNumber, Show::kAlways, "clients that fit"},
          {"connections", "CONNECTIONS", Kind::kNumber, Show::kAlways, "sockets open now"},
          {"channels", "CHANNELS", Kind::kNumber, Show::kAlways,
           "with a subscriber, once per event loop; each loop itself listens to two"},
          {"subscriptions", "SUBSCRIPTIONS", Kind::kNumber, Show::kAlways,
           "pairs of subscriber and channel, likewise"},
          {"send_queue_bytes", "QUEUED", Kind::kBytes, Show::kAlways, "that clients have yet to take"},
          {"published_per_second", "IN", Kind::kRate, Show::kAlways,
           "messages stored, over the last ten seconds"},
          {"delivered_per_second", "OUT", Kind::kRate, Show::kAlways, "messages handed to clients, likewise"},
          {"published", "PUBLISHED", Kind::kNumber, Show::kAlways, "messages stored since the start"},
          {"delivered", "DELIVERED", Kind::kNumber, Show::kAlways,
           "messages handed to clients since the start"},
          {"dropped", "DROPPED", Kind::kNumber, Show::kAlways, "messages that slow clients were not given"},
          {"slow_closed", "SLOW CLOSED", Kind::kNumber, Show::kAlways,
           "clients closed because they did not read"},
          {"gaps", "GAPS", Kind::kNumber, Show::kAlways, "times a client was told that messages are gone"},
          {"delivery_p50_ms", "P50 MS", Kind::kText, Show::kAlways,
           "from stored to handed over, half of all messages"},
          {"delivery_p99_ms", "P99 MS", Kind::kText, Show::kAlways, "likewise, 99 of 100"},
          {"published_history", "IN 60S", Kind::kObject, Show::kNever,
           "messages stored in each of the last seconds"},
          {"delivered_history", "OUT 60S", Kind::kObject, Show::kNever,
           "messages handed over in each of the last seconds"},
          {"storage", "STORAGE", Kind::kText, Show::kAlways, "memory or redis"},
          {"backlog_messages", "BACKLOG", Kind::kNumber, Show::kAlways, "messages kept, with memory storage"},
          {"backlog_bytes", "BACKLOG SIZE", Kind::kBytes, Show::kAlways,
           "their payload, with memory storage"},
          {"loops", "LOOPS", Kind::kObject, Show::kNever,
           "event loops: loop, connections, subscriptions, lag_ms"},
          {"reload_failed", "RELOAD FAILED", Kind::kBool, Show::kAlways,
           "whether the last reload changed nothing"},
      }};
}

int status(Context& context) {
  const auto live = context.live();
  if (!live) return context.fail(live.error());
  const auto status = (*live)->get("/admin/v1/status");
  if (!status) return context.fail(status.error());
  const int code = status->value("ready", false) ? exit_code::kOk : exit_code::kNo;
  if (context.output.format() != Format::kTable) {
    const int printed = context.finish(context.output.record(context.columns(), *status));
    return printed == exit_code::kOk ? code : printed;
  }
  const auto instances = (*live)->list("/admin/v1/instances", "instances");
  if (!instances) return context.fail(instances.error());
  const int printed =
      context.finish(context.output.text(screen(*status, *instances, context.output.color())));
  return printed == exit_code::kOk ? code : printed;
}

}  // namespace relay::ctl
