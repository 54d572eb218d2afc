#include "verbs/ping.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "cli/interrupt.hpp"
#include "context.hpp"

namespace relay::ctl {
namespace {

using Micros = std::chrono::microseconds;

Micros since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration_cast<Micros>(std::chrono::steady_clock::now() - began);
}

// One kind of round trip.
class Path {
 public:
  virtual ~Path() = default;
  virtual Outcome<Micros> round_trip(std::int64_t turn) = 0;
};

class RequestPath final : public Path {
 public:
  RequestPath(Live& live, std::string target) : live_(live), target_(std::move(target)) {}
  Outcome<Micros> round_trip(std::int64_t) override {
    const auto began = std::chrono::steady_clock::now();
    const auto reply = live_.get(target_);
    if (!reply) return reply.error();
    return reply->contains("storage_us") && (*reply)["storage_us"].is_number()
               ? Micros((*reply)["storage_us"].get<std::int64_t>())
               : since(began);
  }

 private:
  Live& live_;
  const std::string target_;
};

// Publishes on a channel of its own, which keeps nothing, and waits for the message to come back on a stream.
class EndToEndPath final : public Path {
 public:
  static Outcome<std::unique_ptr<Path>> open(Live& live) {
    const std::string channel = "relayctl-ping:" + random_hex(8);
    auto stream = live.stream("/admin/v1/events?format=json&channel=" + percent_encode(channel));
    if (!stream) return stream.error();
    return std::unique_ptr<Path>(new EndToEndPath(live, channel, std::move(*stream)));
  }

  Outcome<Micros> round_trip(std::int64_t turn) override {
    const std::string word = std::to_string(turn);
    const auto began = std::chrono::steady_clock::now();
    const std::string target = "/admin/v1/channels/" + percent_encode(channel_) + "/messages?ttl=0";
    const auto reply = live_.exchange("POST", target, {{"Content-Type", "text/plain"}}, word);
    if (!reply) return reply.error();
    if (reply->status / 100 != 2) return live_.refusal(*reply, target);
    while (true) {
      const auto event = stream_.next(live_.timeout());
      if (!event || !*event)
        return Failure{exit_code::kTryAgain, "the message did not come back in time",
                       event ? "" : event.error().message};
      const Json message = Json::parse((*event)->data, nullptr, false);
      if (message.is_object() && message.value("data", "") == word) return since(began);
    }
  }

 private:
  EndToEndPath(Live& live, std::string channel, client::SseClient stream)
      : live_(live), channel_(std::move(channel)), stream_(std::move(stream)) {}

  Live& live_;
  const std::string channel_;
  client::SseClient stream_;
};

Outcome<std::unique_ptr<Path>> path_of(Live& live, const std::string& name) {
  if (name == "e2e") return EndToEndPath::open(live);
  return std::unique_ptr<Path>(new RequestPath(live, "/admin/v1/ping?path=" + name));
}

std::string milliseconds(double micros) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", micros / 1000);
  return text;
}

void sum_up(const Context& context, std::vector<std::int64_t> times, std::int64_t sent) {
  if (times.empty()) return context.console.say(std::to_string(sent) + " sent, none answered");
  std::sort(times.begin(), times.end());
  const double sum = static_cast<double>(std::accumulate(times.begin(), times.end(), std::int64_t{0}));
  const std::size_t p99 = std::min(times.size() - 1, (times.size() * 99) / 100);
  context.console.say(std::to_string(sent) + " sent, " + std::to_string(times.size()) +
                      " answered, min/avg/p99/max " + milliseconds(static_cast<double>(times.front())) + "/" +
                      milliseconds(sum / static_cast<double>(times.size())) + "/" +
                      milliseconds(static_cast<double>(times[p99])) + "/" +
                      milliseconds(static_cast<double>(times.back())) + " ms");
}

}  // namespace

Form ping_form() {
  return {.flags = {{"-c,--count", "N", "so many (4)"},
                    {"--interval", "TIME", "pause in between (1s)"},
                    {"--path", "PATH", "which way", Words::kChoice, {"admin", "storage", "e2e"}}},
          .text =
              "admin asks relayd alone; storage is the time relayd takes for a read of its store; e2e "
              "publishes an\n"
              "ephemeral message and waits until it comes back on a stream. A summary follows on standard "
              "error.\n",
          .examples = {{"relayctl ping --path e2e -c 100 --interval 0", "how fast are messages?"}},
          .columns = {{"seq", "SEQ", Kind::kNumber, Show::kAlways, "from 1"},
                      {"path", "PATH", Kind::kText, Show::kAlways, "admin, storage or e2e"},
                      {"time_us", "MICROSECONDS", Kind::kNumber, Show::kAlways, "of the round trip"}}};
}

int ping(Context& context) {
  const auto count = context.arguments.count("--count", 4, 1, 1'000'000);
  if (!count) return context.fail(count.error());
  const auto interval = context.arguments.duration("--interval", Milliseconds(1000));
  if (!interval) return context.fail(interval.error());
  const std::string name = context.arguments.text_or("--path", "admin");
  const auto live = context.live();
  if (!live) return context.fail(live.error());
  const auto path = path_of(**live, name);
  if (!path) return context.fail(path.error());
  catch_interrupts();
  std::vector<std::int64_t> times;
  std::int64_t sent = 0;
  std::optional<Failure> failure;
  while (sent < *count && !failure && (sent == 0 || interval->count() == 0 || pause_for(*interval)) &&
         !interrupted()) {
    const auto took = (*path)->round_trip(++sent);
    if (!took) {
      failure = took.error();
      break;
    }
    times.push_back(took->count());
    const auto printed = context.output.row_of_stream(
        context.columns(), {{"seq", sent}, {"path", name}, {"time_us", took->count()}});
    if (!printed) return context.fail(printed.error());
  }
  sum_up(context, std::move(times), sent);
  if (failure) return context.fail(*failure);
  return interrupted() ? exit_code::kInterrupted : exit_code::kOk;
}

}  // namespace relay::ctl
