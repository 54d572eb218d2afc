#include "fleet.hpp"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "storage/redis/slots.hpp"
#include "support/catch.hpp"

namespace relay::test {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;
using std::chrono::milliseconds;

const std::string kPrefix = "fleet-";

milliseconds since(Clock::time_point began) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - began);
}

Settings settings_of(const Fleet::Options& options, std::size_t number) {
  Settings settings = number < options.of_each.size() ? options.of_each[number] : Settings{};
  settings.merge(Settings(options.settings));
  settings.merge(Settings{{"publish.timeout", std::to_string(kPublishTimeout.count()) + "ms"},
                          {"instance.id", "fleet-" + std::to_string(number)},
                          {"loops", "2"}});
  return settings;
}

}  // namespace

std::uint32_t cluster_partition_of(std::string_view channel) {
  return redis::partition_of(channel, kPartitions);
}

Fleet::Fleet(Options options)
    : options_(std::move(options)), checker_(options_.partition_of), clients_(kClients, kPrefix, kChannels) {
  for (std::size_t i = 0; i < kInstances; ++i) {
    relayds_.push_back(std::make_unique<RelaydProcess>(settings_of(options_, i)));
  }
}

Fleet::~Fleet() {
  load_.reset();
}

void Fleet::begin() {
  for (const auto& relayd : relayds_) relayd->await_ready();
  clients_.set_ports(ports());
  REQUIRE(clients_.connect());
  load_ = std::make_unique<FleetLoad>(FleetLoad::Plan{ports(), kPrefix, kChannels, options_.forgetful_store},
                                      checker_, outcomes_);
  clients_.run_for(std::chrono::seconds(1));
  REQUIRE(outcomes_.stored > 0);
}

std::vector<std::uint16_t> Fleet::ports() const {
  std::vector<std::uint16_t> ports;
  for (const auto& relayd : relayds_) {
    if (relayd != nullptr) ports.push_back(relayd->port());
  }
  return ports;
}

void Fleet::kill_relayd(std::size_t number) {
  relayds_[number].reset();
  clients_.set_ports(ports());
}

bool Fleet::ready(std::size_t number) const {
  return http_get(relayds_[number]->operator_port(), "/readyz").status == 200;
}

bool Fleet::all_ready() const {
  for (std::size_t i = 0; i < kInstances; ++i) {
    if (relayds_[i] != nullptr && !ready(i)) return false;
  }
  return true;
}

std::string Fleet::readiness(std::size_t number) const {
  const HttpAnswer answer = http_get(relayds_[number]->operator_port(), "/readyz?verbose");
  return std::to_string(answer.status) + ' ' + answer.body;
}

void Fleet::publish(std::size_t relayd, const std::string& channel, const std::string& payload) {
  const HttpAnswer answer =
      http_post(relayds_[relayd]->port(), "/v1/channels/" + channel + "/messages", payload);
  REQUIRE(answer.status == 201);
  checker_.acknowledged(channel, Json::parse(answer.body).at("id").get<MessageId>(), payload);
}

double Fleet::metric(std::string_view series) const {
  double sum = 0;
  for (const auto& relayd : relayds_) sum += relayd == nullptr ? 0 : relayd->metric(series).value_or(0);
  return sum;
}

std::vector<std::vector<std::string>> Fleet::due() const {
  std::vector<std::vector<std::string>> due;
  for (const RoamingClient& client : clients_.all()) due.push_back(checker_.payloads(client.channels()));
  return due;
}

// `had`: of each client, how many it was found to have.
bool Fleet::all_have(const std::vector<std::vector<std::string>>& due, std::vector<std::size_t>& had) const {
  had.resize(due.size());
  for (std::size_t i = 0; i < due.size(); ++i) {
    while (had[i] < due[i].size() && clients_.all()[i].has(due[i][had[i]])) ++had[i];
    if (had[i] < due[i].size()) return false;
  }
  return true;
}

milliseconds Fleet::time_until_whole() {
  const auto began = Clock::now();
  const auto wanted = due();
  std::vector<std::size_t> had;
  REQUIRE(clients_.run_until([&] { return all_have(wanted, had) && all_ready(); }));
  return since(began);
}

milliseconds Fleet::time_until_ready(const std::string& node) {
  const auto began = Clock::now();
  REQUIRE(clients_.run_until([&] {
    for (std::size_t i = 0; i < kInstances; ++i) {
      if (relayds_[i] == nullptr) continue;
      const std::string said = readiness(i);
      if (!said.starts_with("200") || said.find(node) == said.npos) return false;
    }
    return true;
  }));
  return since(began);
}

std::size_t Fleet::find_forgotten() {
  HttpClient client(ports().front());
  std::size_t forgotten = 0;
  for (int c = 0; c < kChannels; ++c) {
    const std::string channel = kPrefix + std::to_string(c);
    std::set<MessageId> missing = checker_.ids(channel);
    std::string after = "0";
    for (bool more = true; more;) {
      const HttpAnswer answer =
          client.request("GET", "/v1/channels/" + channel + "/messages?limit=1000&after=" + after);
      REQUIRE(answer.status == 200);
      const Json page = Json::parse(answer.body);
      for (const Json& message : page.at("messages")) missing.erase(message.at("id").get<MessageId>());
      after = page.at("cursor").is_string() ? page.at("cursor").get<std::string>() : page.at("cursor").dump();
      more = page.at("more").get<bool>();
    }
    for (const MessageId id : missing) checker_.forgotten(channel, id);
    forgotten += missing.size();
  }
  return forgotten;
}

std::string Fleet::wrong_presence() const {
  for (const std::uint16_t port : ports()) {
    HttpClient client(port);
    for (int c = 0; c < kChannels; ++c) {
      const std::string channel = kPrefix + std::to_string(c);
      const HttpAnswer answer = client.request("GET", "/v1/channels/" + channel + "/presence");
      const std::size_t expected = clients_.present(channel);
      const Json said = answer.status == 200 ? Json::parse(answer.body) : Json{};
      if (said.value("count", std::size_t{0}) == expected && said.value("complete", false)) continue;
      return channel + " at port " + std::to_string(port) + ": " + std::to_string(expected) +
             " clients are there, but it says " + std::to_string(answer.status) + ' ' + answer.body;
    }
  }
  return {};
}

std::string Fleet::await_right_presence(milliseconds limit) {
  std::string wrong;
  clients_.run_until([&] { return (wrong = wrong_presence()).empty(); }, limit);
  return wrong;
}

void Fleet::judge(const std::string& what, Verdict verdict) {
  load_->stop();
  const auto wanted = due();
  std::vector<std::size_t> had;
  CHECK(clients_.run_until([&] { return all_have(wanted, had); }));
  clients_.run_for(milliseconds(200));  // anything that should not come has its chance
  std::size_t received = 0;
  for (std::size_t i = 0; i < clients_.all().size(); ++i) {
    judge_client(i, verdict);
    received += clients_.all()[i].items().size();
  }
  CHECK(received > 0);
  CHECK(outcomes_.others == 0);
  CHECK(outcomes_.slowest_ms <= (verdict.answers_within + kMachineSlack).count());
  if (verdict.whole) CHECK(*verdict.whole <= kWholeWithin + kMachineSlack);
  for (const auto& relayd : relayds_) CHECK((relayd == nullptr || relayd->process().running()));
  std::cout << what << ": stored " << outcomes_.stored << " (" << outcomes_.repeated << " repeated), 503 "
            << outcomes_.refused << ", unknown " << outcomes_.unknown << ", slowest answer "
            << outcomes_.slowest_ms << " ms, received " << received << ", gaps at "
            << clients_.clients_with_gaps() << " clients, reconnects " << clients_.disconnects();
  if (verdict.whole) std::cout << ", whole after " << verdict.whole->count() << " ms";
  std::cout << std::endl;
}

void Fleet::judge_client(std::size_t number, const Verdict& verdict) {
  const RoamingClient& client = clients_.all()[number];
  Checker::Allowed allowed = verdict.allowed;
  // Subscriptions of their own are in step within each channel; a stream's one subscription, in all of them.
  allowed.channels_interleaved |= client.kind() == RoamingClient::Kind::kWsCommands ||
                                  (client.kind() == RoamingClient::Kind::kWsUrl && client.streams() > 1);
  INFO("client " << number << " of kind " << static_cast<int>(client.kind()) << " with "
                 << client.channels().size() << " channels, " << client.streams() << " streams, "
                 << (client.endings().empty() ? std::string() : client.endings().back()));
  if (!verdict.disconnects) CHECK(client.endings().empty());
  CHECK(client.subscribed());
  CHECK(checker_.judge(client.items(), client.channels(), 0, allowed) == "");
}

}  // namespace relay::test
