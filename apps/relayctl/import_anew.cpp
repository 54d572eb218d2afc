#include <algorithm>

#include "importer.hpp"
#include "storage/redis/keyspace.hpp"
#include "storage/redis/record.hpp"

namespace relay::ctl {
namespace {

constexpr std::size_t kInFlight = 200;

// relayd's own way into the store.
class Anew {
 public:
  Anew(Stored& stored, const ImportFile& file, ImportCounts& counts)
      : stored_(stored), file_(file), counts_(counts) {}

  Outcome<void> run() {
    stored_.lay_out();
    if (const auto settled = stored_.settle(); !settled) return settled.error();
    ids_.resize(file_.entries().size());
    for (std::size_t i = 0; i < file_.entries().size() && !failure_; ++i) {
      auto line = file_.read(file_.entries()[i]);
      if (!line) return line.error();
      ++counts_.read;
      append(i, std::move(*line), true);
      stored_.turn_until([&] { return waiting_ < kInFlight; });
    }
    stored_.turn_until([&] { return waiting_ == 0; });
    if (failure_) return *failure_;
    return {};
  }
  const std::vector<MessageId>& ids() const { return ids_; }

 private:
  // As often as the file is imported within kIdempotencyWindow, a message with an id is stored once.
  void append(std::size_t index, ImportLine line, bool may_repeat) {
    hub::AppendRequest request;
    request.keep = stored_.keep_of(line.channel);
    const auto max_age = static_cast<std::uint32_t>(request.keep.max_age.count());
    request.draft = line.draft;
    request.draft.ttl_ms = request.keep.ephemeral   ? 0
                           : line.draft.ttl_ms == 0 ? max_age
                                                    : std::min(line.draft.ttl_ms, max_age);
    if (line.id != 0) request.idempotency_key = "relayctl import " + std::to_string(line.id);
    const bool repeatable = may_repeat && line.id != 0;
    ++waiting_;
    hub::Storage& partition = stored_.store().partition(stored_.partition_of(line.channel));
    partition.append(std::move(request), [this, index, line = std::move(line),
                                          repeatable](const Result<hub::Appended>& appended) {
      --waiting_;
      if (appended) return count(index, *appended);
      if (repeatable && appended.error().kind == ErrorKind::kUnknown) return append(index, line, false);
      fail(line, appended.error());
    });
  }

  void count(std::size_t index, const hub::Appended& appended) {
    ids_[index] = appended.id;
    ++(appended.repeated ? counts_.there : counts_.stored);
    if (!appended.repeated) ++counts_.announced;
  }

  void fail(const ImportLine& line, const Error& error) {
    if (failure_) return;
    failure_ = failure_of(error, "the import broke off after " + std::to_string(counts_.stored) +
                                     " messages, at one of " + line.channel);
    failure_->fix = "run it again: what was stored is found to be there";
  }

  Stored& stored_;
  const ImportFile& file_;
  ImportCounts& counts_;
  std::vector<MessageId> ids_;
  std::size_t waiting_ = 0;
  std::optional<Failure> failure_;
};

}  // namespace

Outcome<void> import_anew(Stored& stored, const ImportFile& file, bool verify, ImportCounts& counts) {
  Anew anew(stored, file, counts);
  if (const auto done = anew.run(); !done) return done.error();
  if (!verify) return {};
  for (std::size_t i = 0; i < file.entries().size(); ++i) {
    const auto line = file.read(file.entries()[i]);
    if (!line) return line.error();
    const auto found = [&counts, data = line->draft.data,
                        channel = line->channel](const wire::RespValue& answer) {
      bool same = false;
      for (std::size_t k = 0; k < answer.size(); ++k) {
        const auto message = redis::parse_record(answer[k].text(), hub::ChannelName::copy_of(channel));
        same = same || (message && message->data() == data);
      }
      counts.missing += same ? 0 : 1;
    };
    const std::string id = std::to_string(anew.ids()[i]);
    stored.ask(stored.partition_of(line->channel),
               {"ZRANGEBYSCORE", stored.keys_of(line->channel).log(line->channel), id, id}, found);
    if (const auto settled = stored.settle(kInFlight); !settled) return settled.error();
  }
  return stored.settle();
}

}  // namespace relay::ctl
