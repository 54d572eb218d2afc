#include "loads.hpp"

#include <algorithm>

#include "options/table.hpp"
#include "options/value.hpp"
#include "scenario_file.hpp"

namespace relay::bench {
namespace {

const std::vector<ReadyLoad>& table() {
  static const std::vector<ReadyLoad> rows = {
      {"fanout",
       "one message to many subscribers",
       "Subscribers and publishers are dealt out among the channels, so a message goes to SUBS / CHANNELS of "
       "them.\n",
       {{"--subs", "1000"},
        {"--channels", "10"},
        {"--pubs", "4"},
        {"--rate", "500/s"},
        {"--size", "128"},
        {"--duration", "30s"}},
       {{"relaybench fanout --subs 1000 --channels 10 --rate 500/s", "50,000 deliveries a second"},
        {"relaybench fanout --threshold 'e2e.p99<20ms' --threshold lost==0", "exit 99 when it is slower"}}},
      {"pairs",
       "one message to one subscriber, as wallets and apps talk",
       "As many channels as subscribers, with names of 64 hex digits, and one subscriber each; --subs or "
       "--channels alone says how many of both.\n",
       {{"--subs", "1000"},
        {"--channels", "1000"},
        {"--pubs", "16"},
        {"--rate", "1000/s"},
        {"--size", "128"},
        {"--hex-channels", "yes"},
        {"--duration", "30s"}},
       {{"relaybench pairs --closed --pubs 16", "as many messages a second as go through"},
        {"relaybench pairs --driver bridge --url http://127.0.0.1:8081/bridge", "any TON Connect bridge"}}},
      {"connect",
       "a storm of connections, then quiet",
       "Here --rate is the rate of connections.\n",
       {{"--subs", "5000"},
        {"--channels", "100"},
        {"--connect-rate", "500/s"},
        {"--warmup", "0s"},
        {"--duration", "30s"}},
       {{"relaybench connect --clients 5000 --rate 500/s --hold 30s", "ten seconds of handshakes"}},
       "--rate",
       "--connect-rate"},
      {"reconnect",
       "connections that break, and what they missed",
       "Every so often a share of the subscribers is cut off; each comes back with the id of its last "
       "message and must "
       "get what it missed, once.\n",
       {{"--subs", "2000"},
        {"--channels", "20"},
        {"--pubs", "4"},
        {"--rate", "100/s"},
        {"--kill", "20%"},
        {"--every", "10s"},
        {"--away", "500ms"},
        {"--duration", "30s"}},
       {{"relaybench reconnect --clients 5000 --kill 20% --every 10s", "1,000 replays at once"}}},
      {"idle",
       "connections without messages: what one costs",
       "With --pid, --systemd-unit or --scrape the report says how much memory a connection takes.\n",
       {{"--subs", "10000"},
        {"--channels", "10000"},
        {"--hex-channels", "yes"},
        {"--warmup", "0s"},
        {"--duration", "20s"}},
       {{"relaybench idle --subs 18000 --channels 18000 --pid $(pidof relayd)", "memory per connection"}}},
      {"publish",
       "messages that nobody hears",
       {},
       {{"--subs", "0"},
        {"--channels", "100"},
        {"--pubs", "16"},
        {"--rate", "2k/s"},
        {"--size", "128"},
        {"--duration", "30s"}},
       {{"relaybench publish --closed --window 16", "as fast as answers come, 16 under way each"}}},
      {"subscribe",
       "streams that begin and end all the time",
       "Here --rate is how many subscribers a second leave and begin anew. Ten messages a second show that "
       "each hears what it must from its first moment on.\n",
       {{"--subs", "1000"},
        {"--channels", "1000"},
        {"--channels-per-sub", "10"},
        {"--churn", "100/s"},
        {"--pubs", "1"},
        {"--rate", "10/s"},
        {"--duration", "30s"}},
       {{"relaybench subscribe --subs 1000 --rate 100/s",
         "10,000 subscriptions, 1,000 of them new each second"}},
       "--rate",
       "--churn"},
      {"slow",
       "fan-out with subscribers that do not keep up",
       "Slow readers read --slow-rate bytes a second; the others must not notice.\n",
       {{"--subs", "500"},
        {"--channels", "5"},
        {"--pubs", "4"},
        {"--rate", "100/s"},
        {"--size", "1KiB"},
        {"--slow-readers", "5%"},
        {"--slow-rate", "1000"},
        {"--duration", "30s"}},
       {{"relaybench slow --readers 5%", "25 of 500 read 1,000 bytes a second"}}},
      {"mixed",
       "SSE and WebSockets, sizes, coming and going, all at once",
       {},
       {{"--subs", "1000"},
        {"--channels", "50"},
        {"--channels-per-sub", "5"},
        {"--transport", "sse,ws"},
        {"--pubs", "8"},
        {"--rate", "100/s"},
        {"--size", "64-4KiB"},
        {"--churn", "5/s"},
        {"--kill", "2%"},
        {"--every", "5s"},
        {"--duration", "60s"}},
       {{"relaybench mixed --duration 5m --html mixed.html", "five minutes, with a page to look at"}}},
      {"soak",
       "the mixed load for hours",
       {},
       {{"--subs", "1000"},
        {"--channels", "50"},
        {"--channels-per-sub", "5"},
        {"--transport", "sse,ws"},
        {"--pubs", "8"},
        {"--rate", "50/s"},
        {"--size", "64-4KiB"},
        {"--churn", "2/s"},
        {"--kill", "2%"},
        {"--every", "30s"},
        {"--interval", "10s"},
        {"--duration", "8h"}},
       {{"relaybench soak --for 8h --json soak.json", "over night"}},
       "--for",
       "--duration"},
  };
  return rows;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string toml_line(const Knob& knob, std::string_view text) {
  std::string line = key_of(knob) + " = ";
  line += knob.flag.value.empty() ? "true" : is_number(text) ? std::string(text) : options::toml_string(text);
  line.resize(std::max<std::size_t>(line.size() + 1, 28), ' ');
  return line + " # " + std::string(knob.flag.help) + "\n";
}

// The knobs among the arguments, in the order of the table.
cli::Outcome<void> give_all(const cli::Arguments& arguments, const ReadyLoad* load, Request& request) {
  for (const Knob& knob : knobs()) {
    const std::string_view flag = cli::key_of(knob.flag);
    const bool renamed = load != nullptr && load->flag == flag;
    for (const std::string& text : arguments.all(flag)) {
      if (const auto given = give(request, {renamed ? load->means : flag, text}); !given)
        return given.error();
    }
  }
  if (load == nullptr || load->flag.empty()) return {};
  if (std::any_of(knobs().begin(), knobs().end(),
                  [&](const Knob& k) { return cli::key_of(k.flag) == load->flag; }))
    return {};
  for (const std::string& text : arguments.all(load->flag)) {
    if (const auto given = give(request, {load->means, text}); !given) return given.error();
  }
  return {};
}

// Every subscriber has a channel of its own.
bool is_one_to_one(const Shape& shape) {
  return shape.subscribers == shape.channels && shape.channels_per_subscriber == 1;
}

// Such a load stays one when only --subs or only --channels says how many.
void keep_one_to_one(const cli::Arguments& arguments, Shape& shape) {
  const bool subscribers = arguments.has("--subs");
  const bool channels = arguments.has("--channels");
  if (subscribers && !channels && shape.subscribers > 0) shape.channels = shape.subscribers;
  if (channels && !subscribers) shape.subscribers = shape.channels;
}

cli::Failure unknown_load(const std::string& name) {
  std::vector<std::string> known;
  for (const ReadyLoad& load : table()) known.emplace_back(load.name);
  const auto near = options::nearest(name, known);
  return cli::usage("there is no load \"" + name + "\"",
                    (near ? "did you mean \"" + *near + "\"?  " : "") +
                        std::string("see: relaybench scenarios, or name a file that ends in .toml"));
}

}  // namespace

std::span<const ReadyLoad> loads() {
  return table();
}

const ReadyLoad* find_load(std::string_view name) {
  const auto found =
      std::find_if(table().begin(), table().end(), [&](const ReadyLoad& load) { return load.name == name; });
  return found == table().end() ? nullptr : &*found;
}

std::string scenario_text(const ReadyLoad& load) {
  std::string out = "# " + std::string(load.help) + "\nname = " + options::toml_string(load.name) + "\n";
  for (const Section section : kSections) {
    std::string lines;
    for (const Given& given : load.given) {
      for (const Knob& knob : knobs()) {
        if (knob.section == section && cli::key_of(knob.flag) == given.flag)
          lines += toml_line(knob, given.text);
      }
    }
    if (!lines.empty()) out += "\n[" + std::string(table_of(section)) + "]\n" + lines;
  }
  return out;
}

cli::Outcome<void> give_knobs(const cli::Arguments& arguments, Request& request) {
  return give_all(arguments, nullptr, request);
}

cli::Outcome<Request> request_of(const std::string& name, const cli::Arguments& arguments) {
  Request request;
  const ReadyLoad* load = find_load(name);
  if (load != nullptr) {
    request.plan.name = name;
    for (const Given& given : load->given) {
      if (const auto fine = give(request, given); !fine) return fine.error();
    }
  } else if (name.ends_with(".toml") || name.find('/') != name.npos) {
    if (const auto read = read_scenario_file(name, request); !read) return read.error();
  } else {
    return unknown_load(name);
  }
  const bool one_to_one = is_one_to_one(request.plan.shape);
  if (const auto given = give_all(arguments, load, request); !given) return given.error();
  if (one_to_one) keep_one_to_one(arguments, request.plan.shape);
  return request;
}

}  // namespace relay::bench
