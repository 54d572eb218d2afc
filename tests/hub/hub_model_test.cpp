// The hub against every interleaving that a seeded generator finds: publishes, subscriptions, resumes, slow readers,
// cut links, answers and announcements in any order. Afterwards each subscriber must have had everything it was
// promised, once, in order. RELAY_TEST_SEED repeats one run, RELAY_TEST_SEEDS says how many are made.
#include "hub/hub.hpp"

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
  Model(std::uint64_t seed, bool trims)
      : random_(seed), trims_(trims), hub_(clock_, metrics_, {.hold_messages = 4 + random_() % 20, .heal_hold_messages = 4 + random_() % 20}),
        storage_(hub_) {
    hub_.attach(storage_);
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
      case 0: case 1: case 2: case 3: publish(); break;
      case 4: subscribe(); break;
      case 5: leave(); break;
      case 6: if (chance(15)) storage_.cut(); break;
      case 7: if (chance(40)) storage_.restore(); break;
      case 8: congest(); break;
      case 9: hub_.tick(); break;
      case 10: case 11: case 12: storage_.execute_command(); break;
      case 13: case 14: case 15: storage_.deliver_answer(); break;
      case 16: if (trims_ && chance(20)) storage_.trim(channel(), random_() % 4); break;
      default: storage_.deliver_announcement(); break;
    }
  }

  const std::string& channel() { return channels_[random_() % channels_.size()]; }

  void publish() {
    const std::string& name = channel();
    published_.push_back({name, storage_.store(name, "x")});
  }

  void subscribe() {
    if (clients_.size() > 12) return;
    std::vector<std::string> wanted;
    for (const std::string& name : channels_) {
      if (chance(40)) wanted.push_back(name);
    }
    if (wanted.empty()) wanted.push_back(channel());
    std::optional<MessageId> after;
    if (chance(70)) after = published_.empty() || chance(20) ? 0 : published_[random_() % published_.size()].id;
    auto client = std::make_unique<RecordingSubscriber>();
    client->newest = [this] { return storage_.last(); };
    starts_[client.get()] = {std::set<std::string>(wanted.begin(), wanted.end()), after};
    RecordingSubscriber& subscriber = *clients_.emplace_back(std::move(client));
    hub_.subscribe(subscriber.subscription, request_for(wanted, after));
  }

  void leave() {
    if (clients_.empty() || !chance(30)) return;
    const auto at = clients_.begin() + static_cast<std::ptrdiff_t>(random_() % clients_.size());
    if (const std::string wrong = judge_order(**at); !wrong.empty()) early_ = wrong;
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
    storage_.restore();
    for (int i = 0; i < 20; ++i) {
      for (const auto& client : clients_) {
        client->is_congested = false;
        hub_.continue_replay(client->subscription);
      }
      storage_.settle();
      hub_.tick();
    }
  }

  std::string judge_order(const RecordingSubscriber& client) const {
    MessageId previous = 0;
    for (const MessageId id : client.ids()) {
      if (id <= previous) return "id " + std::to_string(id) + " behind " + std::to_string(previous);
      previous = id;
    }
    return {};
  }

  std::string judge(const RecordingSubscriber& client) const {
    if (!early_.empty()) return early_;
    if (client.failed) return {};
    if (!client.live) return "never live";
    if (std::string wrong = judge_order(client); !wrong.empty()) return wrong;
    const auto& [wanted, after] = starts_.at(&client);
    if (!trims_ && client.gaps() > 0) return "a gap although nothing was lost";
    const std::vector<MessageId> ids = client.ids();
    const std::set<MessageId> got(ids.begin(), ids.end());
    const MessageId from = after.value_or(client.live_at);
    for (const Published& message : published_) {
      const bool due = message.id > from && wanted.count(message.channel) != 0;
      if (!due || got.count(message.id) != 0) continue;
      if (trims_ && (after == MessageId{0} || told_missing(client, message))) continue;
      return "lost id " + std::to_string(message.id) + " of " + message.channel + what_happened(client, from);
    }
    return {};
  }

  static std::string what_happened(const RecordingSubscriber& client, MessageId from) {
    std::string text = "; it began behind " + std::to_string(from) + ", became live at " + std::to_string(client.live_at) + ", was told";
    for (const RecordingSubscriber::Told& one : client.told) {
      text += one.gap ? " gap(" + one.channel + ' ' + std::to_string(one.id) + ".." + std::to_string(one.first) + ")"
                      : (one.replayed ? " r" : " ") + one.channel + ':' + std::to_string(one.id);
    }
    return text;
  }

  static bool told_missing(const RecordingSubscriber& client, const Published& message) {
    for (const RecordingSubscriber::Told& one : client.told) {
      if (one.gap && one.channel == message.channel && message.id > one.id && message.id < one.first) return true;
    }
    return false;
  }

  std::mt19937_64 random_;
  const bool trims_;
  FakeClock clock_;
  metrics::LoopMetrics metrics_;
  hub::Hub hub_;
  FakeStorage storage_;
  std::vector<std::string> channels_;
  std::vector<Published> published_;
  std::vector<ClientPtr> clients_;
  std::map<const RecordingSubscriber*, std::pair<std::set<std::string>, std::optional<MessageId>>> starts_;
  std::string early_;
};

constexpr std::uint64_t kSeeds = 6000;  // some seconds on a slow machine

std::optional<std::uint64_t> number_from_environment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

void run_models(bool trims) {
  const std::optional<std::uint64_t> one = number_from_environment("RELAY_TEST_SEED");
  const std::uint64_t first = one.value_or(1);
  const std::uint64_t count = one ? 1 : number_from_environment("RELAY_TEST_SEEDS").value_or(kSeeds);
  std::size_t delivered = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    Model model(seed, trims);
    INFO("RELAY_TEST_SEED=" << seed);
    REQUIRE(model.run(600) == "");
    delivered += model.delivered();
  }
  CHECK(delivered > 0);
}

}  // namespace

TEST_CASE("Whatever happens in whatever order: nothing lost, nothing twice, all in order") { run_models(false); }

TEST_CASE("With a backlog that is cut short, what is lost is told") { run_models(true); }
