#include "verbs/publish.hpp"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "cli/interrupt.hpp"
#include "context.hpp"
#include "options/value.hpp"

namespace relay::ctl {
namespace {

std::string read_stdin() {
  std::string text;
  char buffer[64 * 1024];
  for (ssize_t got = 0; (got = ::read(STDIN_FILENO, buffer, sizeof buffer)) != 0;) {
    if (got < 0 && errno != EINTR) break;
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

Outcome<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Failure{exit_code::kNoInput, "cannot read " + path, std::generic_category().message(errno)};
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Outcome<std::string> payload_of(const Arguments& arguments) {
  if (arguments.has("--file") && arguments.has("DATA"))
    return usage("the payload is either DATA or --file, not both");
  if (arguments.has("--file")) return read_file(arguments.text("--file"));
  const std::string data = arguments.text_or("DATA", "-");
  return data == "-" ? read_stdin() : data;
}

// "100", "100/s", "6000/m": messages a second; 0 as fast as they are answered.
Outcome<double> rate_of(const Arguments& arguments) {
  const std::string text = arguments.text_or("--rate", "0");
  const auto slash = text.find('/');
  const std::string unit = slash == text.npos ? "s" : text.substr(slash + 1);
  const auto number = options::parse_count(text.substr(0, slash));
  if (!number || *number < 0 || (unit != "s" && unit != "m")) {
    return usage("\"" + text + "\" is no value for --rate",
                 "expected messages a second or a minute: 100, 100/s, 6000/m");
  }
  return static_cast<double>(*number) / (unit == "m" ? 60 : 1);
}

struct Sender {
  Live& live;
  std::string target;
  client::HeaderList headers;
  std::string key;  // --id

  // Says the id, or why there is none.
  Outcome<Json> send(const std::string& payload, std::int64_t turn, bool many) {
    client::HeaderList all = headers;
    if (!key.empty()) all.emplace_back("Idempotency-Key", many ? key + "-" + std::to_string(turn) : key);
    const auto reply = live.exchange("POST", target, all, payload);
    if (!reply) return reply.error();
    if (reply->status / 100 != 2) return live.refusal(*reply, target);
    Json answer = Json::parse(reply->body, nullptr, false);
    if (!answer.is_object()) return Failure{exit_code::kProtocol, live.where() + " did not answer with JSON"};
    answer["time"] = answer.contains("id") && answer["id"].is_number()
                         ? Json(rfc3339(id_time_ms(answer["id"].get<MessageId>())))
                         : Json();
    answer["repeated"] = answer.value("repeated", false);
    return answer;
  }
};

}  // namespace

Form publish_form() {
  return {.arguments = {{"CHANNEL", Arity::kOne, Words::kChannel}, {"DATA", Arity::kOptional}},
          .flags = {{"--file", "FILE", "the payload is in this file", Words::kFile},
                    {"--json", "", "the payload is JSON, and is embedded as such"},
                    {"--event", "NAME", "event name for Server-Sent Events"},
                    {"--ttl", "TIME", "how long it is kept; 0 is live only"},
                    {"--id", "KEY", "idempotency key: the same key is stored once"},
                    {"--repeat", "N", "send it N times"},
                    {"--rate", "RATE", "at most so many a second: 100, 100/s, 6000/m"}},
          .text =
              "Without DATA, or with -, the payload is read from standard input. Prints the id of each "
              "message.\n",
          .examples = {{"relayctl publish news 'Hello'", "one message"},
                       {"date | relayctl publish clock", "from a pipe"},
                       {"relayctl publish load x --repeat 1000 --rate 100/s -o csv",
                        "a thousand in ten seconds"}},
          .columns = {{"id", "ID", Kind::kText, Show::kAlways, "of the message"},
                      {"channel", "CHANNEL", Kind::kText, Show::kAlways, "it was published on"},
                      {"time", "TIME", Kind::kTime, Show::kAlways, "when it was stored, as its id says"},
                      {"repeated", "REPEATED", Kind::kBool, Show::kWide,
                       "whether the key was known: nothing was stored now"}}};
}

int publish(Context& context) {
  const Arguments& arguments = context.arguments;
  const auto repeat = arguments.count("--repeat", 1, 1, 1'000'000'000);
  if (!repeat) return context.fail(repeat.error());
  const auto rate = rate_of(arguments);
  if (!rate) return context.fail(rate.error());
  const auto payload = payload_of(arguments);
  if (!payload) return context.fail(payload.error());
  if (payload->empty())
    return context.fail({exit_code::kData, "there is nothing to publish: the payload is empty"});
  const std::string& channel = arguments.text("CHANNEL");
  if (context.console.dry_run()) {
    context.console.say(std::to_string(*repeat) + " messages of " + std::to_string(payload->size()) +
                        " bytes would go to " + channel);
    return exit_code::kOk;
  }
  const auto live = context.live();
  if (!live) return context.fail(live.error());
  Sender sender{
      **live,
      "/admin/v1/channels/" + percent_encode(channel) + "/messages" +
          query_of({{"event", arguments.text_or("--event", "")}, {"ttl", arguments.text_or("--ttl", "")}}),
      {{"Content-Type", arguments.has("--json") ? "application/json" : "text/plain"}},
      arguments.text_or("--id", "")};
  catch_interrupts();
  const auto began = std::chrono::steady_clock::now();
  for (std::int64_t turn = 0; turn < *repeat; ++turn) {
    if (*rate > 0 && turn > 0) {
      const auto due = began + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                   std::chrono::duration<double>(static_cast<double>(turn) / *rate));
      const auto left = std::chrono::ceil<Milliseconds>(due - std::chrono::steady_clock::now());
      if (left.count() > 0 && !pause_for(left)) return exit_code::kInterrupted;
    }
    if (interrupted()) return exit_code::kInterrupted;
    const auto answer = sender.send(*payload, turn, *repeat > 1);
    if (!answer) return context.fail(answer.error());
    if (context.output.format() == Format::kTable && *repeat == 1) {
      return context.finish(context.output.text(std::to_string(answer->value("id", MessageId{0})) + "\n"));
    }
    if (const auto printed = context.output.row_of_stream(context.columns(), *answer); !printed)
      return context.fail(printed.error());
  }
  return exit_code::kOk;
}

}  // namespace relay::ctl
