#include "storage/redis/command_link.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <optional>

#include "storage/redis/record.hpp"
#include "storage/redis/scripts.hpp"

namespace relay::redis {
namespace {
using wire::RespCommand;
using wire::RespValue;

// The word that begins an error of Redis: "READONLY", "ERR".
std::string_view code_of(std::string_view error) { return error.substr(0, error.find(' ')); }

template <std::size_t N>
bool is_one_of(std::string_view code, const std::array<std::string_view, N>& codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// Redis says these before a script has written anything (the checks stand before its first write).
constexpr std::array<std::string_view, 14> kRefusals = {
    "LOADING", "READONLY", "MISCONF", "OOM",  "NOAUTH", "NOPERM",  "MASTERDOWN",
    "BUSY",    "TRYAGAIN", "MOVED",   "ASK",  "NOSCRIPT", "NOREPLICAS", "CLUSTERDOWN"};
// After these the connection is of no use: another attempt may find the right server, or this one ready.
constexpr std::array<std::string_view, 4> kWrongServer = {"LOADING", "READONLY", "MASTERDOWN", "NOAUTH"};

Error append_error(std::string_view text) {
  const bool refused = is_one_of(code_of(text), kRefusals);
  return make_error(refused ? ErrorKind::kUnavailable : ErrorKind::kUnknown, "storage_error",
                    "Redis answered: " + std::string(text));
}

Error lost_append(bool written) {
  if (!written) return make_error(ErrorKind::kUnavailable, "storage_down", "the link to Redis broke: not stored");
  return make_error(ErrorKind::kUnknown, "storage_unknown", "the link to Redis broke before the answer came");
}

// Why a read's command brought no data.
Error read_error(const Reply& reply) {
  if (reply.value == nullptr) {
    return make_error(ErrorKind::kUnavailable, std::string(CommandLink::kLost), "the link to Redis broke");
  }
  return make_error(ErrorKind::kUnavailable, "storage_error", "Redis answered: " + std::string(reply.value->text()));
}

std::int64_t to_number(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

struct CommandLink::Appending {
  hub::AppendRequest request;
  hub::AppendDone done;
  bool retried = false;
};

struct CommandLink::Reading {
  std::vector<PageBuilder> pages;
  hub::ReadDone done;
  hub::ReadAnswer answer;
  std::size_t outstanding = 0;  // replies of this round
  std::optional<Error> error;
};

CommandLink::CommandLink(net::IoLoop& loop, const RedisSettings& settings, const Keyspace& keys, Events events)
    : loop_(loop),
      settings_(settings),
      keys_(keys),
      events_(std::move(events)),
      probe_topic_(keys.probe(settings.instance, loop.index())) {}

CommandLink::~CommandLink() {
  if (link_) link_->abandon();
}

void CommandLink::open() {
  assert(!link_);
  RedisLink::Events events;
  events.on_open = [this] { greet(); };
  events.on_lost = events_.on_lost;
  events.on_push = [this](const RespValue& value) { lost("an unexpected reply: " + std::string(value.text())); };
  const std::string name = "relayd-" + settings_.instance + "-" + std::to_string(loop_.index()) + "-commands";
  link_ = std::make_shared<RedisLink>(loop_, settings_, name, std::move(events));
  link_->open();
}

void CommandLink::close() {
  ready_ = false;
  const auto link = std::exchange(link_, nullptr);
  if (link) link->close();
}

void CommandLink::lost(const std::string& why) { events_.on_lost(why); }

bool CommandLink::full() const {
  return link_ && (link_->pending() >= settings_.max_pending_commands ||
                   link_->unwritten_bytes() >= settings_.max_pending_bytes);
}

// Pipelined; the last answer makes the link ready. Each error ends it.
void CommandLink::greet() {
  link_->send([](std::string& out) { wire::append_command(out, {"SCRIPT", "LOAD", kAppendScript}); },
              [this](const Reply& reply) {
                if (reply.value == nullptr) return;
                if (reply.value->is_error()) return lost("SCRIPT LOAD: " + std::string(reply.value->text()));
                append_sha_ = reply.value->text();
              });
  ask_epoch([this](const Reply& reply) {
    if (reply.value == nullptr) return;
    if (reply.value->is_error()) return lost("EVAL: " + std::string(reply.value->text()));
    if (reply.value->size() == 2) epoch_ = (*reply.value)[0].text();
  });
  ask_time();
  link_->send([](std::string& out) { wire::append_command(out, {"PING"}); },
              [this](const Reply& reply) {
                if (reply.value != nullptr) greeted();
              });
}

void CommandLink::greeted() {
  ready_ = true;
  events_.on_ready();
}

void CommandLink::ask_epoch(OnReply on_reply) {
  link_->send(
      [this](std::string& out) {
        RespCommand(out, 6).arg("EVAL").arg(kEpochScript).arg("2").arg(keys_.seq()).arg(keys_.epoch()).arg(
            highest_seen_);
      },
      std::move(on_reply));
}

void CommandLink::ask_time() {
  const SteadyTime asked = loop_.clock().steady();
  link_->send([](std::string& out) { wire::append_command(out, {"TIME"}); },
              [this, asked](const Reply& reply) {
                if (reply.value == nullptr || reply.value->size() != 2) return;
                const RespValue& time = *reply.value;
                redis_ms_ = to_number(time[0].text()) * 1000 + to_number(time[1].text()) / 1000;
                redis_ms_at_ = asked + (loop_.clock().steady() - asked) / 2;
              });
}

std::int64_t CommandLink::redis_now_ms() const {
  const auto since = loop_.clock().steady() - redis_ms_at_;
  return redis_ms_ + std::chrono::duration_cast<Milliseconds>(since).count();
}

void CommandLink::probe(std::uint64_t number) {
  link_->send([&](std::string& out) { RespCommand(out, 3).arg("PUBLISH").arg(probe_topic_).arg(number); },
              [this](const Reply& reply) {
                if (reply.value != nullptr && reply.value->is_error()) {
                  lost("PUBLISH: " + std::string(reply.value->text()));
                }
              });
  link_->send([&](std::string& out) { wire::append_command(out, {"GET", keys_.epoch()}); },
              [this](const Reply& reply) { check_epoch(reply); });
  ask_time();
}

void CommandLink::check_epoch(const Reply& reply) {
  if (reply.value == nullptr || reply.value->is_error() || reply.value->text() == epoch_) return;
  lost("the stored data was emptied or replaced");
}

void CommandLink::append(hub::AppendRequest request, hub::AppendDone done) {
  assert(ready_);
  send_append(std::make_shared<Appending>(Appending{std::move(request), std::move(done)}), false);
}

void CommandLink::send_append(const std::shared_ptr<Appending>& it, bool whole_script) {
  link_->send([&](std::string& out) { encode_append(out, *it, whole_script); },
              [this, it](const Reply& reply) { on_append_reply(it, reply); });
}

// Hot: once per publish. The arguments are those of append.lua.
void CommandLink::encode_append(std::string& out, const Appending& it, bool whole_script) const {
  const hub::Draft& draft = it.request.draft;
  const hub::ChannelOptions& keep = it.request.keep;
  const std::string_view channel = draft.channel.view();
  const bool kept = draft.ttl_ms > 0;
  const bool has_key = !it.request.idempotency_key.empty();
  const std::size_t keys = has_key ? 6 : kept ? 5 : 2;
  const std::size_t values = has_key ? 9 : kept ? 7 : 2;

  RespCommand command(out, 3 + keys + values);
  command.arg(whole_script ? "EVAL" : "EVALSHA").arg(whole_script ? kAppendScript : append_sha_).arg(keys);
  command.arg(keys_.seq()).arg(keys_.epoch());
  if (keys > 2) command.arg(keys_.log(channel)).arg(keys_.bytes(channel)).arg(keys_.last(channel));
  if (has_key) command.arg(keys_.idempotency(channel, it.request.idempotency_key));
  command.arg(keys_.bus(channel)).arg(encode_record_tail(draft));
  if (values > 2) {
    const std::uint64_t most = std::max<std::uint64_t>(keep.max_count, 1);
    const std::uint64_t slack = std::max<std::uint64_t>(8, most / 8);
    // Counting bytes costs two calls: only where records of this size could reach the bound.
    const std::uint64_t reach = (most + slack) * settings_.max_record_bytes;
    const auto age = static_cast<std::uint64_t>((keep.max_age + kLinger).count());
    command.arg(kept ? age : 0).arg(most).arg(most + slack).arg(reach > keep.max_bytes ? keep.max_bytes : 0);
    command.arg(static_cast<std::uint64_t>((keep.max_age + kRemembered).count()));
  }
  if (has_key) {
    command.arg(static_cast<std::uint64_t>(hub::kIdempotencyWindow.count()));
    command.arg(short_hash((draft.is_json ? "j" : "t") + draft.event + '\n' + draft.data));
  }
}

void CommandLink::on_append_reply(const std::shared_ptr<Appending>& it, const Reply& reply) {
  if (reply.value == nullptr) return it->done(lost_append(reply.written));
  const RespValue& value = *reply.value;
  if (value.is_error()) {
    const std::string_view code = code_of(value.text());
    if (code == "NOSCRIPT" && !std::exchange(it->retried, true)) return send_append(it, true);
    const bool wrong_server = is_one_of(code, kWrongServer);
    const std::string why = "Redis answered: " + std::string(value.text());
    it->done(append_error(value.text()));
    if (wrong_server) lost(why);
    return;
  }
  const std::int64_t id = value.integer();
  if (id == 0) {
    return it->done(make_error(ErrorKind::kConflict, "idempotency_conflict",
                               "the idempotency key was used for other data"));
  }
  const auto given = static_cast<MessageId>(id < 0 ? -id : id);
  saw(given);
  it->done(hub::Appended{given, id < 0});
}

void CommandLink::read(std::vector<hub::ReadQuery> queries, hub::ReadDone done) {
  assert(ready_);
  auto it = std::make_shared<Reading>();
  it->done = std::move(done);
  it->pages.reserve(queries.size());
  for (hub::ReadQuery& query : queries) it->pages.emplace_back(std::move(query));
  link_->send([&](std::string& out) { wire::append_command(out, {"MGET", keys_.epoch(), keys_.seq()}); },
              [this, it](const Reply& reply) { on_bounds(it, reply); });
  it->outstanding = 1;
  read_round(it);
}

// Of MGET or of epoch.lua: { epoch, last }, both there unless the data was lost a moment ago.
void CommandLink::on_bounds(const std::shared_ptr<Reading>& it, const Reply& reply) {
  if (reply.value == nullptr || reply.value->size() != 2) {
    it->error = read_error(reply);
    return end_round(it);
  }
  const auto epoch = parse_id((*reply.value)[0].text());
  const auto last = parse_id((*reply.value)[1].text());
  if (!epoch || !last) {
    return ask_epoch([this, it](const Reply& made) { on_bounds(it, made); });
  }
  it->answer.epoch = *epoch;
  it->answer.last = *last;
  end_round(it);
}

void CommandLink::read_round(const std::shared_ptr<Reading>& it) {
  for (PageBuilder& page : it->pages) {
    if (page.complete()) continue;
    if (page.wants_last()) {
      ++it->outstanding;
      link_->send([&](std::string& out) { wire::append_command(out, {"GET", keys_.last(page.query().channel.view())}); },
                  [this, it, &page](const Reply& reply) {
                    if (reply.value == nullptr || reply.value->is_error()) {
                      it->error = read_error(reply);
                    } else {
                      page.take_last(*reply.value, redis_now_ms());
                    }
                    end_round(it);
                  });
      continue;
    }
    ++it->outstanding;
    link_->send(
        [&](std::string& out) {
          RespCommand(out, 7)
              .arg("ZRANGEBYSCORE")
              .arg(keys_.log(page.query().channel.view()))
              .arg("(" + std::to_string(page.cursor()))
              .arg("+inf")
              .arg("LIMIT")
              .arg("0")
              .arg(page.batch());
        },
        [this, it, &page](const Reply& reply) {
          if (reply.value == nullptr || !reply.value->is_array()) {
            it->error = read_error(reply);
          } else {
            page.take(*reply.value, redis_now_ms());
          }
          end_round(it);
        });
  }
}

void CommandLink::end_round(const std::shared_ptr<Reading>& it) {
  if (--it->outstanding > 0) return;
  if (it->error) return it->done(*it->error);
  read_round(it);
  if (it->outstanding > 0) return;
  it->answer.pages.reserve(it->pages.size());
  for (PageBuilder& page : it->pages) it->answer.pages.push_back(page.finish());
  it->done(std::move(it->answer));
}

}  // namespace relay::redis
