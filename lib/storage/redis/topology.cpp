#include "storage/redis/topology.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

#include "storage/redis/cluster_nodes.hpp"
#include "storage/redis/inquirer.hpp"
#include "storage/redis/refusal.hpp"
#include "storage/redis/slots.hpp"

namespace relay::redis {
namespace {
using options::RedisHost;

std::vector<RedisHost> places_of(const options::RedisUrl& url) {
  std::vector<RedisHost> places{{url.host, url.port}};
  places.insert(places.end(), url.more_hosts.begin(), url.more_hosts.end());
  return places;
}

// When to ask anew.
class Pace {
 public:
  explicit Pace(Milliseconds calm) : calm_(calm) {}
  bool due(SteadyTime now, bool served) {
    if (now - last_ < (served ? calm_ : kTroubled)) return false;
    last_ = now;
    return true;
  }

 private:
  static constexpr Milliseconds kTroubled{150};
  const Milliseconds calm_;
  SteadyTime last_{};
};

class Fixed final : public Topology {
 public:
  Fixed(const RedisSettings& settings, OnMap on_map)
      : place_{settings.server.host, settings.server.port}, on_map_(std::move(on_map)) {}
  void start() override { on_map_({place_}); }
  void tick(SteadyTime, bool served) override {
    if (!served) on_map_({place_});
  }

 private:
  const RedisHost place_;
  const OnMap on_map_;
};

// So long nobody may have confirmed the newest news, or a partition of a cluster be without a node that
// answers, before older ones are believed as well.
constexpr Milliseconds kDespair{5'000};

RedisSettings sentinel_settings(RedisSettings settings) {
  settings.server.username = settings.sentinel_username;
  settings.server.password = settings.sentinel_password;
  settings.server.database = 0;
  return settings;
}

class Sentinel final : public Topology {
 public:
  Sentinel(net::IoLoop& loop, const RedisSettings& settings, OnMap on_map)
      : loop_(loop),
        on_map_(std::move(on_map)),
        inquirer_(
            loop, sentinel_settings(settings),
            {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", settings.sentinel_master},
            [this](const wire::RespValue& answer, const RedisHost&) { return take(answer); },
            {"SENTINEL", "MASTER", settings.sentinel_master},
            [this](const wire::RespValue& answer) { told_ = standing_of(answer); }) {
    inquirer_.set_places(places_of(settings.server));
  }
  void start() override { inquirer_.ask(); }
  void stop() override { inquirer_.stop(); }
  void refresh() override { inquirer_.ask(); }
  void tick(SteadyTime now, bool served) override {
    inquirer_.tick(now);
    if (!pace_.due(now, served)) return;
    if (!served && !inquirer_.asking()) inquirer_.go_on();  // another may know better
    inquirer_.ask();
  }
  std::string trouble() const override { return inquirer_.trouble(); }

 private:
  // What a sentinel's word counts.
  struct Standing {
    std::uint64_t epoch = 0;  // 0 also of one that does not say
    bool promoting = false;   // it names a master that it is making, of the epoch to come
    std::string place;        // the master of that epoch
    bool below(const Standing& other) const {
      return std::tie(epoch, promoting) < std::tie(other.epoch, other.promoting);
    }
  };

  static Standing standing_of(const wire::RespValue& fields) {
    Standing standing;
    std::string host, port;
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
      const std::string_view key = fields[i].text(), value = fields[i + 1].text();
      if (key == "ip") host = value;
      if (key == "port") port = value;
      if (key == "config-epoch") std::from_chars(value.data(), value.data() + value.size(), standing.epoch);
    }
    standing.place = host + ':' + port;
    return standing;
  }

  bool take(const wire::RespValue& answer) {
    Standing told = std::exchange(told_, {});
    if (answer.size() != 2) return false;
    const std::string text = std::string(answer[0].text()) + ':' + std::string(answer[1].text());
    const Redirect place = parse_place(text);
    if (place.port == 0) return false;
    told.promoting = !told.place.empty() && told.place != text;
    told.place = text;
    const SteadyTime now = loop_.clock().steady();
    if (told.below(believed_)) {
      if (text != believed_.place && now - confirmed_ < kDespair) return false;
      if (text == believed_.place) told = believed_;
    }
    believed_ = std::move(told);
    confirmed_ = now;
    on_map_({RedisHost{place.host, place.port}});
    return true;
  }

  net::IoLoop& loop_;
  const OnMap on_map_;
  Inquirer inquirer_;
  Standing told_;      // by the answer before, until the next
  Standing believed_;  // and last heard of at:
  SteadyTime confirmed_{};
  // What a former master takes until all have left it is lost; the question costs next to nothing.
  Pace pace_{Milliseconds{200}};
};

class Cluster final : public Topology {
 public:
  Cluster(net::IoLoop& loop, const RedisSettings& settings, const std::vector<std::string>& tags,
          OnMap on_map)
      : loop_(loop),
        by_name_(settings.server.tls && !settings.server.skip_verify),
        on_map_(std::move(on_map)),
        inquirer_(
            loop, settings, {"CLUSTER", "NODES"},
            [this](const wire::RespValue& answer, const RedisHost& from) { return take(answer, from); }),
        seeds_(places_of(settings.server)) {
    for (const std::string& tag : tags) slots_.push_back(slot_of(tag));
    owners_.resize(slots_.size());
    inquirer_.set_places(seeds_);
  }
  void start() override { inquirer_.ask(); }
  void stop() override { inquirer_.stop(); }
  void refresh() override { inquirer_.ask(); }
  void tick(SteadyTime now, bool served) override {
    inquirer_.tick(now);
    if (served) served_ = now;
    if (!pace_.due(now, served)) return;
    if (!served && !inquirer_.asking()) inquirer_.go_on();  // another may know better
    inquirer_.ask();
  }
  void learn(const wire::RespValue& answer, const RedisHost& from) override { (void)take(answer, from); }
  std::string trouble() const override { return inquirer_.trouble(); }

 private:
  struct Owner {
    std::optional<RedisHost> place;
    std::uint64_t epoch = 0;
  };
  bool take(const wire::RespValue& answer, const RedisHost& from) {
    const auto nodes = parse_cluster_nodes(answer.text());
    const bool knows =
        std::any_of(nodes.begin(), nodes.end(), [](const ClusterNode& n) { return !n.slots.empty(); });
    if (!knows) return false;
    std::vector<RedisHost> places = seeds_;
    for (const ClusterNode& node : nodes) {
      const RedisHost place = place_of(node, from);
      if (!node.is_failed) places.push_back(place);
      if (node.is_master) take_slots(node, place);
    }
    inquirer_.set_places(std::move(places));
    Map map;
    for (const Owner& owner : owners_) map.push_back(owner.place);
    on_map_(map);
    return true;
  }

  // Certificates carry names rather than addresses.
  RedisHost place_of(const ClusterNode& node, const RedisHost& from) const {
    const std::string& host = by_name_ && !node.hostname.empty() ? node.hostname : node.host;
    return {host.empty() ? from.host : host, node.port};
  }

  void take_slots(const ClusterNode& node, const RedisHost& place) {
    const bool despairing = loop_.clock().steady() - served_ > kDespair;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const auto has = [&](const auto& range) {
        return range.first <= slots_[i] && slots_[i] <= range.second;
      };
      if (std::none_of(node.slots.begin(), node.slots.end(), has)) continue;
      if (node.epoch >= owners_[i].epoch || despairing) owners_[i] = {place, node.epoch};
    }
  }

  net::IoLoop& loop_;
  const bool by_name_;
  const OnMap on_map_;
  Inquirer inquirer_;
  const std::vector<RedisHost> seeds_;
  std::vector<std::uint32_t> slots_;  // by partition
  std::vector<Owner> owners_;
  SteadyTime served_{};
  Pace pace_{Milliseconds{10'000}};
};

}  // namespace

std::unique_ptr<Topology> make_topology(net::IoLoop& loop, const RedisSettings& settings,
                                        const std::vector<std::string>& tags, Topology::OnMap on_map) {
  switch (settings.mode) {
    case Mode::kSentinel:
      return std::make_unique<Sentinel>(loop, settings, std::move(on_map));
    case Mode::kCluster:
      return std::make_unique<Cluster>(loop, settings, tags, std::move(on_map));
    case Mode::kSingle:
      break;
  }
  return std::make_unique<Fixed>(settings, std::move(on_map));
}

}  // namespace relay::redis
