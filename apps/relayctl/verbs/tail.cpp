#include "verbs/tail.hpp"

#include <algorithm>
#include <deque>
#include <map>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "cli/human.hpp"
#include "cli/interrupt.hpp"
#include "cli/render.hpp"
#include "context.hpp"
#include "options/value.hpp"

namespace relay::ctl {
namespace {

constexpr Milliseconds kSlice{200};      // how long a signal may go unnoticed
constexpr std::int64_t kReconnects = 5;  // in a row, without a message in between

Json row_of(const Json& message) {
  Json row = {{"channel", message.value("channel", "")}};
  const bool has_id = message.contains("id") && message["id"].is_number();
  row["id"] = has_id ? message["id"] : Json();
  row["time"] = has_id ? Json(rfc3339(id_time_ms(message["id"].get<MessageId>()))) : Json();
  row["event"] = message.contains("event") ? message["event"] : Json();
  row["data"] = message.contains("data") ? message["data"] : Json();
  row["from"] = message.contains("from") ? message["from"] : Json();
  return row;
}

// Where to begin in the backlog, as a cursor; empty: with what comes.
Outcome<std::string> begin_of(const Arguments& arguments) {
  if (!arguments.has("--since")) return std::string();
  const std::string& since = arguments.text("--since");
  if (const auto id = parse_id(since); id && since.size() > 10) return since;
  const std::int64_t at = parse_rfc3339(since);
  if (at >= 0) return std::to_string(std::max<MessageId>(1, first_id_at(at)) - 1);
  const auto ago = options::parse_duration(since);
  if (!ago)
    return usage("\"" + since + "\" is no value for --since",
                 "expected a duration (10m), a time (2026-11-21T07:00:00Z) or an id");
  return std::to_string(first_id_at(system_clock().wall_ms() - ago->count()));
}

struct Plan {
  std::vector<std::string> channels;
  std::string begin;        // a cursor
  std::int64_t last = 0;    // -n: so many kept ones; -1 all
  std::int64_t count = -1;  // -c: end after so many
  bool until_end = false;
};

Outcome<Plan> plan_of(const Arguments& arguments) {
  Plan plan;
  plan.channels = arguments.all("CHANNEL");
  const auto begin = begin_of(arguments);
  if (!begin) return begin.error();
  plan.begin = *begin;
  if (arguments.text_or("--lines", "") == "all") {
    plan.last = -1;
  } else {
    const auto last =
        arguments.count("--lines", arguments.has("--until-end") && plan.begin.empty() ? -1 : 0, 0, 1'000'000);
    if (!last) return last.error();
    plan.last = *last;
  }
  const auto count = arguments.count("--count", -1, 1, 1'000'000'000);
  if (!count) return count.error();
  plan.count = *count;
  plan.until_end = arguments.has("--until-end");
  return plan;
}

class Tail {
 public:
  Tail(Context& context, Live& live, Output& output, Plan plan)
      : context_(context), live_(live), output_(output), plan_(std::move(plan)) {}
  int run();

 private:
  Outcome<void> show_kept();
  Outcome<void> follow();
  Outcome<std::vector<Json>> kept_of(const std::string& channel) const;
  Outcome<void> read_stream(client::SseClient& stream);
  Outcome<void> show(const Json& row);
  Outcome<void> take(const wire::SseEvent& event);
  bool done() const { return interrupted() || (plan_.count >= 0 && shown_ >= plan_.count); }
  std::string target() const;

  Context& context_;
  Live& live_;
  Output& output_;
  const Plan plan_;
  std::string cursor_;
  std::map<std::string, MessageId> kept_up_to_;  // by channel: shown, or left out by -n
  std::int64_t shown_ = 0;
  std::int64_t lost_in_a_row_ = 0;
};

Outcome<void> Tail::show(const Json& row) {
  ++shown_;
  return output_.row_of_stream(context_.columns(), row);
}

// All that a channel keeps from the begin on, page by page.
Outcome<std::vector<Json>> Tail::kept_of(const std::string& channel) const {
  std::deque<Json> rows;
  std::string after = plan_.begin.empty() ? "0" : plan_.begin;
  while (true) {
    const auto page =
        live_.get("/admin/v1/channels/" + percent_encode(channel) + "/messages?limit=1000&after=" + after);
    if (!page) return page.error();
    for (const Json& message : page->value("messages", Json::array())) {
      rows.push_back(row_of(message));
      if (plan_.last > 0 && rows.size() > static_cast<std::size_t>(plan_.last)) rows.pop_front();
    }
    after = page->value("cursor", after);
    if (!page->value("more", false)) return std::vector<Json>(rows.begin(), rows.end());
  }
}

// The last N of all channels together, in the order of their ids. The stream then begins where the channel
// that was read least far ends, and what was read already is left out: nothing falls in between.
Outcome<void> Tail::show_kept() {
  std::vector<Json> all;
  MessageId least = kMaxId;
  for (const std::string& channel : plan_.channels) {
    auto rows = kept_of(channel);
    if (!rows) return rows.error();
    const MessageId last =
        rows->empty() ? parse_id(plan_.begin).value_or(0) : rows->back().value("id", MessageId{0});
    kept_up_to_[channel] = last;
    least = std::min(least, last);
    std::move(rows->begin(), rows->end(), std::back_inserter(all));
  }
  cursor_ = std::to_string(least);
  std::stable_sort(all.begin(), all.end(), [](const Json& a, const Json& b) {
    return a.value("id", MessageId{0}) < b.value("id", MessageId{0});
  });
  std::size_t first = 0;
  if (plan_.last > 0 && all.size() > static_cast<std::size_t>(plan_.last))
    first = all.size() - static_cast<std::size_t>(plan_.last);
  for (std::size_t i = first; i < all.size() && !done(); ++i) {
    if (const auto shown = show(all[i]); !shown) return shown;
  }
  return {};
}

std::string Tail::target() const {
  std::string query = "?format=json";
  for (const std::string& channel : plan_.channels) query += "&channel=" + percent_encode(channel);
  return "/admin/v1/events" + query;
}

Outcome<void> Tail::take(const wire::SseEvent& event) {
  const Json message = Json::parse(event.data, nullptr, false);
  if (!message.is_object())
    return Failure{exit_code::kProtocol, live_.where() + " sent an event that is no JSON"};
  if (event.event == "gap") {
    context_.console.warn("messages of " + message.value("channel", "") + " are gone: some with ids above " +
                          bare(message.value("after", Json())) + " and below " +
                          bare(message.value("first", Json())));
    return {};
  }
  lost_in_a_row_ = 0;
  const Json row = row_of(message);
  const auto kept = kept_up_to_.find(row.value("channel", ""));
  if (kept != kept_up_to_.end() && row["id"].is_number() && row["id"].get<MessageId>() <= kept->second)
    return {};
  return show(row);
}

Outcome<void> Tail::read_stream(client::SseClient& stream) {
  while (!done()) {
    const auto event = stream.next(kSlice);
    if (!event || (!*event && stream.ended())) {
      cursor_ = stream.last_event_id().empty() ? cursor_ : stream.last_event_id();
      return {};
    }
    if (!*event) continue;
    if (const auto taken = take(**event); !taken) return taken;
    cursor_ = stream.last_event_id();
  }
  return {};
}

// Comes back after a lost stream, from its cursor: nothing is missing then.
Outcome<void> Tail::follow() {
  while (!done()) {
    auto stream = live_.stream(target(), cursor_);
    if (!stream && lost_in_a_row_ == 0) return stream.error();
    if (stream) {
      if (const auto read = read_stream(*stream); !read) return read;
    }
    if (done()) return {};
    if (++lost_in_a_row_ > kReconnects) {
      return Failure{exit_code::kUnavailable, "relayd at " + live_.where() + " has gone",
                     stream ? "the stream ended again and again" : stream.error().what};
    }
    context_.console.say("the stream ended; coming back from " +
                         (cursor_.empty() ? std::string("now") : cursor_));
    pause_for(Milliseconds(200) * (1 << lost_in_a_row_));
  }
  return {};
}

int Tail::run() {
  catch_interrupts();
  if (plan_.until_end || plan_.last != 0) {
    if (const auto kept = show_kept(); !kept) return context_.fail(kept.error());
    if (plan_.until_end || done()) return interrupted() ? exit_code::kInterrupted : exit_code::kOk;
  } else {
    cursor_ = plan_.begin;  // the stream reads the backlog itself
  }
  if (const auto followed = follow(); !followed) return context_.fail(followed.error());
  return interrupted() ? exit_code::kInterrupted : exit_code::kOk;
}

}  // namespace

Form tail_form() {
  return {
      .arguments = {{"CHANNEL", Arity::kSome, Words::kChannel}},
      .flags = {{"-n,--lines", "N", "first the last N that are kept, or all"},
                {"--since", "WHEN", "first those kept since then: 10m, a time in RFC 3339, or an id"},
                {"--until-end", "", "only what is kept, then stop"},
                {"-c,--count", "N", "stop after so many messages"},
                {"-f,--format", "TEXT", "one line each, with {fields}: short for -o template=TEXT"}},
      .text =
          "Follows channels until it is interrupted. A stream that breaks is taken up again where it was, "
          "and\n"
          "messages that are gone by then are said to be. Counts as a client of the instance asked.\n",
      .examples = {{"relayctl tail news", "what comes"},
                   {"relayctl tail news alerts -n 20", "the last twenty of both, and what comes"},
                   {"relayctl tail news --since 10m --until-end -o jsonl", "ten minutes of backlog"},
                   {"relayctl tail news -f '{time} {data}'", "in your own form"}},
      .columns = {{"time", "TIME", Kind::kTime, Show::kAlways, "when it was stored, as its id says"},
                  {"id", "ID", Kind::kText, Show::kWide, "of the message; none if it is kept nowhere"},
                  {"channel", "CHANNEL", Kind::kText, Show::kAlways, "it was published on"},
                  {"event", "EVENT", Kind::kText, Show::kAlways, "its event name, if it has one"},
                  {"data", "DATA", Kind::kText, Show::kAlways,
                   "payload: a string, or the JSON value it was published as"},
                  {"from", "FROM", Kind::kText, Show::kWide, "the client that published it, if one did"}}};
}

int tail(Context& context) {
  auto plan = plan_of(context.arguments);
  if (!plan) return context.fail(plan.error());
  Arguments arguments = context.arguments;
  if (arguments.has("--format")) arguments.add("--output", "template=" + arguments.text("--format"));
  auto output = Output::make(arguments);
  if (!output) return context.fail(output.error());
  const auto live = context.live();
  if (!live) return context.fail(live.error());
  return Tail(context, **live, *output, std::move(*plan)).run();
}

}  // namespace relay::ctl
