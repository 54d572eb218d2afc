// The hubs of a loop against every interleaving that a seeded generator finds: publishes, subscriptions,
// resumes, slow readers, cut links, probes, answers and announcements in any order, in one partition or
// several. Afterwards each subscriber must have had everything it was promised, once, in order, and no cursor
// may have been ahead of that. RELAY_TEST_SEED repeats one run, RELAY_TEST_SEEDS says how many are made.
#include "hub/hubs.hpp"

#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_storage.hpp"

using namespace relay;
using namespace relay::test;

namespace {

struct Published {
  std::string channel;
  MessageId id;
};

class Model {
 public:
  Model(std::uint64_t seed, bool trims, std::uint32_t partitions)
      : random_(seed),
        trims_(trims),
        hub_(clock_, metrics_,
             {.hold_messages = 4 + random_() % 20, .heal_hold_messages = 4 + random_() % 20}),
        store_(partitions) {
    hub_.attach(store_);
    for (std::size_t i = 0, n = 1 + random_() % 12; i < n; ++i) channels_.push_back("c" + std::to_string(i));
  }
  ~Model() { clients_.clear(); }

  std::string run(int steps) {
    for (int i = 0; i < steps; ++i) step();
    quiesce();
    for (const auto& client : clients_) {
      if (std::string wrong = judge(*client); !wrong.empty()) return wrong;
    }
    return {};
  }
  std::size_t delivered() const {
    std::size_t sum = 0;
    for (const auto& client : clients_) sum += client->ids().size();
    return sum;
  }

 private:
  using ClientPtr = std::unique_ptr<RecordingSubscriber>;

  bool chance(unsigned percent) { return random_() % 100 < percent; }

  void step() {
    switch (random_() % 20) {
      case 0:
      case 1:
      case 2:
      case 3:
        publish();
        break;
      case 4:
        subscribe();
        break;
      case 5:
        leave();
        break;
      case 6:
        if (chance(15)) part().cut();
        break;
      case 7:
        if (chance(40)) part().restore();
        break;
      case 8:
        congest();
        break;
      case 9:
        chance(70) ? hub_.tick() : part().probe();
        break;
      case 10:
      case 11:
      case 12:
        part().execute_command();
        break;
      case 13:
      case 14:
      case 15:
        part().deliver_answer();
        break;
      case 16:
        if (trims_ && chance(20)) trim();
        break;
      default:
        part().deliver_announcement();
        break;
    }
  }

  FakeStorage& part() { return store_.part(static_cast<std::uint32_t>(random_() % store_.partitions())); }

  void trim() {
    const std::string& name = channel();
    store_.part_of(name).trim(name, random_() % 4);
  }

  const std::string& channel() { return channels_[random_() % channels_.size()]; }

  void publish() {
    const std::string& name = channel();
    published_.push_back({name, store_.part_of(name).store(name, "x")});
  }

  // Everything kept, after a message, or where somebody is.
  hub::Cursor any_cursor() {
    if (published_.empty() || chance(20)) return 0;
    if (chance(40)) return published_[random_() % published_.size()].id;
    const auto& told = clients_.empty() ? std::vector<RecordingSubscriber::Told>{}
                                        : clients_[random_() % clients_.size()]->told;
    if (told.empty()) return 0;
    const auto& one = told[random_() % told.size()];
    return one.cursor ? *hub::Cursor::parse(one.cursor->text()) : hub::Cursor(0);
  }

  void subscribe() {
    if (clients_.size() > 12) return;
    std::vector<std::string> wanted;
    for (const std::string& name : channels_) {
      if (chance(40)) wanted.push_back(name);
    }
    if (wanted.empty()) wanted.push_back(channel());
    std::optional<hub::Cursor> after;
    if (chance(70)) after = any_cursor();
    auto client = std::make_unique<RecordingSubscriber>();
    client->keeps_cursors = true;
    Start& start = starts_[client.get()];
    start = {std::set<std::string>(wanted.begin(), wanted.end()), after, {}};
    client->when_live = [this, &start] {
      for (std::uint32_t i = 0; i < store_.partitions(); ++i) start.live_at.push_back(store_.part(i).last());
    };
    RecordingSubscriber& subscriber = *clients_.emplace_back(std::move(client));
    hub_.subscribe(subscriber.subscription, stream_for(wanted, after));
  }

  void leave() {
    if (clients_.empty() || !chance(30)) return;
    const auto at = clients_.begin() + static_cast<std::ptrdiff_t>(random_() % clients_.size());
    if (const std::string wrong = judge_course(**at); !wrong.empty()) early_ = wrong;
    starts_.erase(at->get());
    clients_.erase(at);
  }

  void congest() {
    if (clients_.empty()) return;
    RecordingSubscriber& client = *clients_[random_() % clients_.size()];
    client.is_congested = !client.is_congested;
    if (!client.is_congested) hub_.continue_replay(client.subscription);
  }

  void quiesce() {
    for (std::uint32_t i = 0; i < store_.partitions(); ++i) store_.part(i).restore();
    for (int i = 0; i < 20; ++i) {
      for (const auto& client : clients_) {
        client->is_congested = false;
        hub_.continue_replay(client->subscription);
      }
      store_.settle();
      hub_.tick();
    }
  }

  // Order within each partition, and cursors that are neither behind nor ahead of what was told.
  std::string judge_course(const RecordingSubscriber& client) const {
    std::vector<MessageId> previous(store_.partitions());
    for (const RecordingSubscriber::Told& one : client.told) {
      if (one.gap) continue;
      MessageId& before = previous[store_.partition_of(one.channel)];
      if (one.id <= before) return "id " + std::to_string(one.id) + " behind " + std::to_string(before);
      before = one.id;
      for (std::uint32_t i = 0; i < store_.partitions(); ++i) {
        if (previous[i] > one.cursor->in(i)) return "a cursor behind " + std::to_string(previous[i]);
      }
      if (one.floor > one.cursor->in(store_.partition_of(one.channel))) return "a floor above its cursor";
    }
    if (client.told.empty() || !client.live) return {};
    for (const std::size_t seen : {client.told.size(), client.told.size() / 2 + 1}) {
      const auto& last = client.told[seen - 1];
      if (last.gap) continue;
      if (std::string wrong = first_missing(client, seen, &*last.cursor); !wrong.empty())
        return "a cursor ahead: " + wrong;
    }
    return {};
  }

  std::string judge(const RecordingSubscriber& client) const {
    if (!early_.empty()) return early_;
    if (client.failed) return {};
    if (!client.live) return "never live";
    if (std::string wrong = judge_course(client); !wrong.empty()) return wrong;
    if (!trims_ && client.gaps() > 0 && !may_be_beyond(client)) return "a gap although nothing was lost";
    return first_missing(client, client.told.size(), nullptr);
  }

  // A plain id of one partition may be beyond the newest of another: within one, that is taken for a loss.
  bool may_be_beyond(const RecordingSubscriber& client) const {
    const Start& start = starts_.at(&client);
    return store_.partitions() > 1 && start.after && start.after->is_plain() &&
           !client.subscription.is_joint();
  }

  // Of what was due up to this cursor (null: ever), what the first `seen` things told do not account for.
  std::string first_missing(const RecordingSubscriber& client, std::size_t seen,
                            const hub::Cursor* upto) const {
    const Start& start = starts_.at(&client);
    std::set<std::pair<std::string, MessageId>> got;
    for (std::size_t i = 0; i < seen; ++i) {
      if (!client.told[i].gap) got.insert({client.told[i].channel, client.told[i].id});
    }
    for (const Published& message : published_) {
      const std::uint32_t partition = store_.partition_of(message.channel);
      const MessageId from = start.after ? start.after->in(partition) : start.live_at[partition];
      if (message.id <= from || start.wanted.count(message.channel) == 0 ||
          got.count({message.channel, message.id}) != 0)
        continue;
      if (upto != nullptr && message.id > upto->in(partition)) continue;
      if (trims_ && (from == 0 || told_missing(client, message))) continue;
      return "lost id " + std::to_string(message.id) + " of " + message.channel + what_happened(client, from);
    }
    return {};
  }

  static std::string what_happened(const RecordingSubscriber& client, MessageId from) {
    std::string text = "; it began behind " + std::to_string(from) + ", was told";
    for (const RecordingSubscriber::Told& one : client.told) {
      text += one.gap ? " gap(" + one.channel + ' ' + std::to_string(one.id) + ".." +
                            std::to_string(one.first) + ")"
                      : (one.replayed ? " r" : " ") + one.channel + ':' + std::to_string(one.id);
    }
    return text;
  }

  static bool told_missing(const RecordingSubscriber& client, const Published& message) {
    for (const RecordingSubscriber::Told& one : client.told) {
      if (one.gap && one.channel == message.channel && message.id > one.id && message.id < one.first)
        return true;
    }
    return false;
  }

  struct Start {
    std::set<std::string> wanted;
    std::optional<hub::Cursor> after;
    std::vector<MessageId> live_at;  // the newest id of each partition when it became live
  };

  std::mt19937_64 random_;
  const bool trims_;
  FakeClock clock_;
  metrics::LoopMetrics metrics_;
  hub::Hubs hub_;
  FakeStore store_;
  std::vector<std::string> channels_;
  std::vector<Published> published_;
  std::vector<ClientPtr> clients_;
  std::map<const RecordingSubscriber*, Start> starts_;
  std::string early_;
};

constexpr std::uint64_t kSeeds = 2000;  // each case some seconds on a slow machine

std::optional<std::uint64_t> number_from_environment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

void run_models(bool trims, std::uint32_t most_partitions) {
  const std::optional<std::uint64_t> one = number_from_environment("RELAY_TEST_SEED");
  const std::uint64_t first = one.value_or(1);
  const std::uint64_t count = one ? 1 : number_from_environment("RELAY_TEST_SEEDS").value_or(kSeeds);
  std::size_t delivered = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    Model model(seed, trims,
                most_partitions == 1 ? 1 : 2 + static_cast<std::uint32_t>(seed % (most_partitions - 1)));
    INFO("RELAY_TEST_SEED=" << seed);
    REQUIRE(model.run(600) == "");
    delivered += model.delivered();
  }
  CHECK(delivered > 0);
}

}  // namespace

TEST_CASE("Whatever happens in whatever order: nothing lost, nothing twice, all in order") {
  run_models(false, 1);
}

TEST_CASE("With a backlog that is cut short, what is lost is told") {
  run_models(true, 1);
}

TEST_CASE("Over several partitions nothing is lost or told twice, and every cursor is true") {
  run_models(false, 5);
}

TEST_CASE("Over several partitions, too, what is lost is told") {
  run_models(true, 5);
}
