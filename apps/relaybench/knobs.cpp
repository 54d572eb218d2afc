#include "knobs.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.hpp"
#include "drivers/driver.hpp"
#include "knob_values.hpp"

namespace relay::bench {
namespace {

using cli::Words;
using Wrong = std::optional<std::string>;
using Text = std::string_view;

constexpr auto kFine = std::nullopt;

// The rows' readers: `read` turns the text into a value, `put` takes it. What is expected, if it cannot be
// read.
template <class Value, class Put>
Wrong put_if(const std::optional<Value>& value, const char* expected, Put put) {
  if (!value) return expected;
  put(*value);
  return kFine;
}

Wrong number(Text text, std::uint32_t& field, std::uint32_t least = 0) {
  const auto value = read_number(text);
  if (!value || *value < least)
    return "a whole number" + (least == 0 ? "" : " from " + std::to_string(least));
  field = *value;
  return kFine;
}

template <class Field>
Wrong rate(Text text, Field& field) {
  return put_if(read_rate(text), "a rate such as 500/s or 10k/s", [&](double value) { field = value; });
}

Wrong share(Text text, double& field) {
  return put_if(read_share(text), "a share such as 20% or 0.2", [&](double value) { field = value; });
}

template <class Field>
Wrong time(Text text, Field& field) {
  return put_if(read_time(text), "a duration such as 30s, 500ms, 5m",
                [&](Milliseconds value) { field = value; });
}

Wrong pair(Text text, char between, const char* expected, std::pair<std::string, std::string>& out) {
  return put_if(read_pair(text, between), expected, [&](auto value) { out = std::move(value); });
}

Wrong transport(Request& request, Text text) {
  std::vector<Transport>& into = request.plan.target.transports;
  into.clear();
  if (text == "mixed") text = "sse,ws";
  while (true) {
    const Text word = text.substr(0, text.find(','));
    const auto before = into.size();
    for (const Transport one : {Transport::kSse, Transport::kWs, Transport::kWsRaw}) {
      if (word == name_of(one)) into.push_back(one);
    }
    if (into.size() == before) return "sse, ws, ws-raw or mixed, or several of them with commas";
    if (word.size() == text.size()) return kFine;
    text.remove_prefix(word.size() + 1);
  }
}

Wrong delivery(Request& request, Text text) {
  for (const auto mode : {DeliveryMode::kAtMostOnce, DeliveryMode::kAtLeastOnce, DeliveryMode::kExactlyOnce,
                          DeliveryMode::kOrdered}) {
    if (text != name_of(mode)) continue;
    request.plan.delivery = mode;
    return kFine;
  }
  return "at-most-once, at-least-once, exactly-once or ordered";
}

Wrong publish_over(Request& request, Text text) {
  if (text != "http" && text != "ws") return "http or ws";
  request.plan.target.publish_transport = text == "ws" ? Transport::kWs : Transport::kSse;
  return kFine;
}

Wrong header(Request& request, Text text) {
  std::pair<std::string, std::string> one;
  if (auto wrong = pair(text, ':', "a header such as \"X-Tenant: blue\"", one)) return wrong;
  request.plan.target.headers.push_back(std::move(one));
  return kFine;
}

Wrong driver_option(Request& request, Text text) {
  std::pair<std::string, std::string> one;
  if (auto wrong = pair(text, '=', "KEY=VALUE", one)) return wrong;
  request.plan.target.driver_options.insert_or_assign(std::move(one.first), std::move(one.second));
  return kFine;
}

Wrong tag(Request& request, Text text) {
  std::pair<std::string, std::string> one;
  if (auto wrong = pair(text, '=', "KEY=VALUE", one)) return wrong;
  request.plan.tags.insert_or_assign(std::move(one.first), std::move(one.second));
  return kFine;
}

Wrong channels_per_sub(Request& request, Text text) {
  request.all_channels = text == "all";
  if (request.all_channels) return kFine;
  return read_number(text) ? number(text, request.plan.shape.channels_per_subscriber, 1)
                           : Wrong("a whole number from 1, or all");
}

Wrong size(Request& request, Text text) {
  return put_if(read_sizes(text), "a size such as 128 or 4KiB, or two such as 50-4KiB", [&](auto sizes) {
    request.plan.shape.size_min = sizes.first;
    request.plan.shape.size_max = sizes.second;
  });
}

Wrong seed(Request& request, Text text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
    return "a whole number";
  request.plan.seed = value;
  return kFine;
}

Wrong pid(Request& request, Text text) {
  std::uint32_t value = 0;
  if (auto wrong = number(text, value, 1)) return "the number of a process";
  request.plan.server.pid = value;
  return kFine;
}

Wrong workers(Request& request, Text text) {
  request.plan.workers.clear();
  for (const Text one : split(text, ',')) {
    if (trim(one).find(':') == Text::npos) return "addresses such as 10.0.0.2:7800,10.0.0.3:7800";
    request.plan.workers.emplace_back(trim(one));
  }
  return kFine;
}

std::vector<std::string_view> driver_names() {
  std::vector<std::string_view> names;
  for (const DriverRow& row : drivers()) names.push_back(row.name);
  return names;
}

// A reader per row, named by the field it fills.
#define RELAY_READ(expression) [](Request& r, Text text) -> Wrong { return expression; }
#define RELAY_TEXT(field)              \
  [](Request& r, Text text) -> Wrong { \
    r.field = text;                    \
    return kFine;                      \
  }
#define RELAY_YES(field)          \
  [](Request& r, Text) -> Wrong { \
    r.field = true;               \
    return kFine;                 \
  }

const std::vector<Knob>& table() {
  using enum Section;
  static const std::vector<Knob> rows = {
      {kTarget,
       {"-u,--url", "URL", "the server (http://127.0.0.1:8081); https too"},
       RELAY_TEXT(plan.target.url)},
      {kTarget,
       {"--publish-url", "URL", "where messages are published, when it is elsewhere"},
       RELAY_TEXT(plan.target.publish_url)},
      {kTarget,
       {"--driver", "NAME", "what it speaks: relaybench help drivers", Words::kChoice, driver_names()},
       RELAY_TEXT(plan.target.driver)},
      {kTarget,
       {"--driver-option", "KEY=VALUE", "what one driver alone understands", Words::kNothing, {}, true},
       driver_option},
      {kTarget,
       {"--transport",
        "LIST",
        "how subscribers listen: sse, ws, ws-raw, mixed; several with commas",
        Words::kChoice,
        {}},
       transport},
      {kTarget,
       {"--publish-over",
        "WAY",
        "how publishers speak: http (a request each) or ws",
        Words::kChoice,
        {"http", "ws"}},
       publish_over},
      {kTarget, {"--header", "NAME:VALUE", "sent with every request", Words::kNothing, {}, true}, header},
      {kTarget,
       {"--token-file", "FILE", "bearer tokens, one a line; clients take turns", Words::kFile},
       RELAY_TEXT(token_file)},
      {kTarget, {"--cacert", "FILE", "certificates to trust", Words::kFile}, RELAY_TEXT(plan.target.ca_file)},
      {kTarget, {"--insecure", "", "do not check certificates"}, RELAY_YES(plan.target.insecure)},
      {kTarget,
       {"--source-ip",
        "ADDRESS",
        "source address, or several as 127.0.0.0/28; connections take turns",
        Words::kNothing,
        {},
        true},
       [](Request& r, Text text) -> Wrong {
         r.source_networks.emplace_back(text);
         return kFine;
       }},

      {kLoad, {"--clients,--subs", "N", "subscribers"}, RELAY_READ(number(text, r.plan.shape.subscribers))},
      {kLoad,
       {"--channels", "N", "channels; subscribers and publishers are dealt out among them"},
       RELAY_READ(number(text, r.plan.shape.channels, 1))},
      {kLoad,
       {"--channels-per-sub", "N", "channels that one subscriber hears: a number, or all"},
       channels_per_sub},
      {kLoad,
       {"--pubs", "N", "publishers, with a connection each"},
       RELAY_READ(number(text, r.plan.shape.publishers))},
      {kLoad,
       {"--rate", "RATE", "messages a second of all publishers together, such as 500/s"},
       [](Request& r, Text text) -> Wrong {
         r.plan.shape.closed = false;
         return rate(text, r.plan.shape.rate);
       }},
      {kLoad,
       {"--closed", "", "closed loop instead of a rate: the next message when the last is answered"},
       [](Request& r, Text) -> Wrong {
         r.plan.shape.closed = true;
         r.plan.shape.rate = 0;
         return kFine;
       }},
      {kLoad,
       {"--window", "N", "most unanswered messages of one publisher"},
       RELAY_READ(number(text, r.plan.shape.window, 1))},
      {kLoad, {"--size", "SIZE", "bytes of a message: 128, 4KiB, or a range such as 50-4KiB"}, size},
      {kLoad, {"--ephemeral", "", "messages that are not kept"}, RELAY_YES(plan.shape.ephemeral)},
      {kLoad, {"--hex-channels", "", "channel names of 64 hex digits"}, RELAY_YES(plan.shape.hex_channels)},
      {kLoad,
       {"--connect-rate", "RATE",
        "subscribers that connect a second, such as 500/s; else as they are answered"},
       RELAY_READ(rate(text, r.plan.connect_rate))},
      {kLoad,
       {"--scale", "FACTOR", "so much of clients, channels, publishers and rates: 0.01"},
       RELAY_READ(put_if(read_factor(text), "a factor such as 0.01 or 2x", [&](double f) { r.scale = f; }))},

      {kTrouble,
       {"--churn", "RATE", "subscribers a second that leave and come anew"},
       RELAY_READ(rate(text, r.plan.shape.churn))},
      {kTrouble,
       {"--kill", "SHARE", "subscribers that are cut off at each --every; they resume: 20%"},
       RELAY_READ(share(text, r.plan.shape.kill_share))},
      {kTrouble,
       {"--every", "TIME", "how often --kill strikes"},
       RELAY_READ(time(text, r.plan.shape.kill_every))},
      {kTrouble,
       {"--away", "TIME", "how long one that was cut off stays away"},
       RELAY_READ(time(text, r.plan.shape.reconnect_after))},
      {kTrouble,
       {"--readers,--slow-readers", "SHARE", "subscribers that read slowly: 5%"},
       RELAY_READ(share(text, r.plan.shape.slow_share))},
      {kTrouble,
       {"--slow-rate", "BYTES", "what a slow reader reads a second; 0: nothing"},
       RELAY_READ(put_if(read_rate(text), "bytes a second", [&](double f) { r.plan.shape.slow_rate = f; }))},

      {kTime,
       {"--hold,--duration", "TIME", "of the load, all stages together"},
       RELAY_READ(time(text, r.duration))},
      {kTime, {"--warmup", "TIME", "before it counts"}, RELAY_READ(time(text, r.plan.warmup))},
      {kTime, {"--ramp", "TIME", "over which the subscribers come"}, RELAY_READ(time(text, r.ramp))},
      {kTime,
       {"--grace", "TIME", "how long the last deliveries may take"},
       RELAY_READ(time(text, r.plan.grace))},
      {kTime, {"--interval", "TIME", "of the figures over time"}, RELAY_READ(time(text, r.plan.interval))},
      {kTime, {"--seed", "N", "decides payloads, sizes and who is cut off"}, seed},
      {kTime,
       {"--processes", "N", "generators; past 20,000 connections one is not enough"},
       RELAY_READ(number(text, r.plan.processes, 1))},
      {kTime,
       {"--workers", "LIST", "machines that generate, host:port with commas; see: relaybench worker"},
       workers},
      {kTime,
       {"--worker-secret", "FILE", "what the workers were started with", Words::kFile},
       RELAY_TEXT(worker_secret_file)},

      {kServer, {"--pid", "N", "the server's process: its cost stands in the report"}, pid},
      {kServer, {"--systemd-unit", "UNIT", "the same by its unit"}, RELAY_TEXT(plan.server.systemd_unit)},
      {kServer,
       {"--scrape", "URL", "the server's metrics page: what changed stands in the report"},
       RELAY_TEXT(plan.server.metrics_url)},
      {kServer,
       {"--annotate-redis", "URL", "the Redis that it stores in: what it did stands in the report"},
       RELAY_TEXT(plan.server.redis_url)},

      {kVerdict,
       {"--threshold", "EXPR", "a condition such as e2e.p99<20ms; else exit 99", Words::kNothing, {}, true},
       [](Request& r, Text text) -> Wrong {
         r.thresholds.push_back({.expression = std::string(text), .stage = {}});
         return kFine;
       }},
      {kVerdict,
       {"--abort-on-fail", "", "end the run as soon as a threshold is out of reach"},
       RELAY_YES(abort_on_fail)},
      {kVerdict,
       {"--delivery",
        "MODE",
        "what must hold, else exit 98",
        Words::kChoice,
        {"at-most-once", "at-least-once", "exactly-once", "ordered"}},
       delivery},
      {kVerdict,
       {"--allow-saturated", "", "no exit 97 when the generator was the limit"},
       RELAY_YES(plan.allow_saturated)},
      {kVerdict, {"--name", "NAME", "of the run, in every report"}, RELAY_TEXT(plan.name)},
      {kVerdict, {"--tag", "KEY=VALUE", "kept in the report", Words::kNothing, {}, true}, tag},
  };
  return rows;
}

#undef RELAY_READ
#undef RELAY_TEXT
#undef RELAY_YES

struct SectionRow {
  Section section;
  std::string_view table;
  std::string_view title;
};
constexpr std::array<SectionRow, 6> kSectionRows{{{Section::kTarget, "target", "Target"},
                                                  {Section::kLoad, "load", "Load"},
                                                  {Section::kTrouble, "trouble", "Trouble"},
                                                  {Section::kTime, "time", "Time"},
                                                  {Section::kServer, "server", "Server's cost"},
                                                  {Section::kVerdict, "verdict", "Verdict"}}};

}  // namespace

std::span<const Knob> knobs() {
  return table();
}

std::string key_of(const Knob& knob) {
  std::string key(cli::key_of(knob.flag).substr(2));
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

const Knob* find_knob(Section section, std::string_view key) {
  const auto found = std::find_if(table().begin(), table().end(), [&](const Knob& knob) {
    return knob.section == section && key_of(knob) == key;
  });
  return found == table().end() ? nullptr : &*found;
}

std::vector<std::string> keys_of(Section section) {
  std::vector<std::string> keys;
  for (const Knob& knob : table()) {
    if (knob.section == section) keys.push_back(key_of(knob));
  }
  return keys;
}

std::string_view table_of(Section section) {
  return kSectionRows[static_cast<std::size_t>(section)].table;
}

std::optional<Section> section_of(std::string_view table) {
  for (const SectionRow& row : kSectionRows) {
    if (row.table == table) return row.section;
  }
  return {};
}

std::vector<cli::FlagGroup> knob_flags() {
  std::vector<cli::FlagGroup> groups;
  for (const SectionRow& row : kSectionRows) {
    cli::FlagGroup& group = groups.emplace_back(cli::FlagGroup{row.title, {}});
    for (const Knob& knob : table()) {
      if (knob.section == row.section) group.flags.push_back(knob.flag);
    }
  }
  return groups;
}

cli::Outcome<void> give(Request& request, const Given& given) {
  const auto knob = std::find_if(table().begin(), table().end(),
                                 [&](const Knob& one) { return cli::key_of(one.flag) == given.flag; });
  if (knob == table().end()) return {};
  if (const auto expected = knob->read(request, given.text)) {
    return cli::usage("\"" + std::string(given.text) + "\" is no value for " + std::string(given.flag),
                      "expected " + *expected);
  }
  return {};
}

}  // namespace relay::bench
