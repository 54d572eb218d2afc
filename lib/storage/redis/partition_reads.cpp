// The reads of a partition: backlogs, in as many rounds as PageBuilder asks for.
#include "storage/redis/partition.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "storage/redis/read_batch.hpp"

namespace relay::redis {
namespace {
using wire::RespCommand;
using wire::RespValue;

constexpr Milliseconds kTick{100};
constexpr std::string_view kLost = "storage_lost";  // the same may be asked again

// "<epoch> <id> <epoch> <id>...", as epoch.lua writes it.
std::vector<hub::Fork> parse_forks(std::string_view text) {
  std::vector<hub::Fork> forks;
  const auto next = [&text] {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    return parse_id(word).value_or(0);
  };
  while (!text.empty()) {
    const MessageId epoch = next();
    forks.push_back({epoch, next()});
  }
  return forks;
}

}  // namespace

// The bounds are to be no newer than the pages, so they are asked for first, on one link. Where Redis
// redirects, that order is lost: the pages are then read again.
struct Partition::Reading {
  void begin_pages() {
    pages.clear();
    for (const hub::ReadQuery& query : queries) pages.emplace_back(query);
  }

  std::vector<hub::ReadQuery> queries;
  std::vector<PageBuilder> pages;
  hub::ReadDone done;
  SteadyTime deadline;
  hub::ReadAnswer answer;
  std::size_t outstanding = 0;  // replies of this round
  bool out_of_order = false;
  std::optional<Error> error;
};

void Partition::read(std::vector<hub::ReadQuery> queries, hub::ReadDone done) {
  if (state_ == State::kStopped) return done(down());
  if ((node_ != nullptr && node_->full()) || reads_.size() >= settings_.max_pending_commands)
    return done(queue_full());
  const SteadyTime deadline = loop_.clock().steady() + settings_.command_timeout;
  issue(std::make_shared<Read>(Read{std::move(queries), std::move(done), deadline}));
}

// A read is safe to repeat, so it outlives a broken link as long as its deadline allows.
void Partition::issue(const std::shared_ptr<Read>& read) {
  if (state_ == State::kStopped) return read->done(down());
  if (!whole_) return reads_.push_back(read);
  Node* const node = node_;
  node->begin_read(read->queries.size() + 1, [this, node, read] { start_reading(*node, read); });
}

void Partition::start_reading(Node& node, const std::shared_ptr<Read>& read) {
  if (node_ != &node || !whole_) {  // it was its turn too late
    node.end_read(read->queries.size() + 1);
    return issue(read);
  }
  auto it = std::make_shared<Reading>();
  it->deadline = read->deadline;
  it->done = [this, &node, read](Result<hub::ReadAnswer> answer) {
    node.end_read(read->queries.size() + 1);
    const bool lost = !answer && answer.error().code == kLost;
    if (lost && loop_.clock().steady() < read->deadline - kTick) return issue(read);
    read->done(std::move(answer));
  };
  it->queries = read->queries;
  it->begin_pages();
  it->outstanding = 1;  // this one, until all of the round is asked
  ask_bounds(it);
  read_round(it);
  end_round(it);
}

// One command of a round; anything but an answer ends the reading.
void Partition::ask(const std::shared_ptr<Reading>& it, std::function<void(std::string&)> encode, Take take) {
  ++it->outstanding;
  const auto errand =
      std::make_shared<PlainErrand>([encode = std::move(encode)](std::string& out, bool) { encode(out); });
  errand->on_reply = [this, it, take = std::move(take), errand = errand.get()](const Reply& reply) {
    const std::string_view error =
        reply.value != nullptr && reply.value->is_error() ? reply.value->text() : "";
    if (reply.value == nullptr || classify(error) == Refusal::kWrongServer) {
      it->error = make_error(ErrorKind::kUnavailable, std::string(kLost), "the link to Redis broke");
    } else if (!error.empty() && !error.starts_with("WRONGTYPE")) {
      it->error =
          make_error(ErrorKind::kUnavailable, "storage_error", "Redis answered: " + std::string(error));
    } else {
      take(*reply.value, errand->attempt > 0);
    }
    end_round(it);
  };
  errand->is_read = true;
  errand->deadline = it->deadline;
  send(errand);
}

void Partition::ask_bounds(const std::shared_ptr<Reading>& it) {
  ask(
      it,
      [this](std::string& out) {
        wire::append_command(out, {"MGET", keys_.epoch(), keys_.seq(), keys_.forks()});
      },
      [this, it](const RespValue& bounds, bool redirected) {
        it->out_of_order = redirected;
        if (take_bounds(*it, bounds)) return;
        // The data was lost a moment ago: a new life begins here.
        it->out_of_order = true;
        ask(
            it, [this](std::string& out) { encode_epoch(out); },
            [this, it](const RespValue& made, bool) {
              if (take_bounds(*it, made)) return;
              it->error = make_error(ErrorKind::kUnavailable, "storage_error", "Redis keeps no epoch");
            });
      });
}

// Of MGET or of epoch.lua: { epoch, last, ..., forks }.
bool Partition::take_bounds(Reading& it, const RespValue& bounds) {
  const auto epoch = bounds.size() >= 2 ? parse_id(bounds[0].text()) : std::nullopt;
  const auto last = bounds.size() >= 2 ? parse_id(bounds[1].text()) : std::nullopt;
  if (!epoch || !last) return false;
  it.answer.epoch = *epoch;
  it.answer.last = *last;
  it.answer.forks = parse_forks(bounds[bounds.size() - 1].text());
  saw(*last);
  return true;
}

// Whether anything was asked.
bool Partition::read_round(const std::shared_ptr<Reading>& it) {
  bool asked = false;
  for (PageBuilder& page : it->pages) {
    if (page.complete()) continue;
    asked = true;
    const std::string_view channel = page.query().channel.view();
    if (page.wants_last()) {
      ask(
          it, [this, channel](std::string& out) { wire::append_command(out, {"GET", keys_.last(channel)}); },
          [this, &page](const RespValue& last, bool) { page.take_last(last, now_ms()); });
      continue;
    }
    ask(
        it,
        [this, channel, cursor = page.cursor(), batch = page.batch()](std::string& out) {
          RespCommand command(out, 7);
          command.arg("ZRANGEBYSCORE").arg(keys_.log(channel)).arg("(" + std::to_string(cursor)).arg("+inf");
          command.arg("LIMIT").arg("0").arg(std::uint64_t{batch});
        },
        [this, &page](const RespValue& members, bool) { page.take(members, now_ms()); });
  }
  return asked;
}

void Partition::end_round(const std::shared_ptr<Reading>& it) {
  if (--it->outstanding > 0) return;
  while (!it->error) {
    if (std::exchange(it->out_of_order, false)) it->begin_pages();
    it->outstanding = 1;  // as in start_reading()
    const bool asked = read_round(it);
    if (--it->outstanding > 0) return;
    if (!asked) break;
  }
  if (it->error) return it->done(*it->error);
  it->answer.pages.reserve(it->pages.size());
  for (PageBuilder& page : it->pages) it->answer.pages.push_back(page.finish(it->answer.last));
  it->done(std::move(it->answer));
}

std::int64_t Partition::now_ms() const {
  return node_ != nullptr ? node_->redis_now_ms() : loop_.clock().wall_ms();
}

void Partition::issue_reads() {
  std::deque<std::shared_ptr<Read>> reads;
  reads.swap(reads_);
  for (const auto& read : reads) issue(read);
}

// Reads that came back from a broken link may stand behind younger ones: look at all of them.
void Partition::expire_reads(SteadyTime now) {
  std::vector<std::shared_ptr<Read>> expired;
  std::erase_if(reads_, [&](const std::shared_ptr<Read>& read) {
    const bool late = read->deadline - kTick <= now;
    if (late) expired.push_back(read);
    return late;
  });
  for (const auto& read : expired) read->done(down());
}

}  // namespace relay::redis
