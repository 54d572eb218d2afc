// Three relayds on one store, 200 clients over SSE and WebSocket on 300 channels, 200 publishes a second, and
// a judge who knows every acknowledged message: what each fault of tests/faults/fleet_*_test.cpp happens to.
//
// One test thread; the load has threads of its own.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fleet_clients.hpp"
#include "fleet_load.hpp"
#include "support/checker.hpp"
#include "support/relayd_process.hpp"

namespace relay::test {

inline constexpr std::chrono::milliseconds kPublishTimeout{2000};  // publish.timeout of the fleet
inline constexpr std::chrono::milliseconds kWholeWithin{1000};     // promise 4: after the store answers again
inline constexpr std::chrono::milliseconds kFoundWithin{2000};     // promise 4: a link that is half open
// A test machine with more work than cores is late with everything; absolute times are judged with this on
// top.
inline constexpr std::chrono::milliseconds kMachineSlack{3000};

// Of a fleet on a cluster.
inline constexpr std::uint32_t kPartitions = 64;
std::uint32_t cluster_partition_of(std::string_view channel);

class Fleet {
 public:
  static constexpr std::size_t kInstances = 3;
  static constexpr std::size_t kClients = 200;
  static constexpr int kChannels = 300;

  struct Options {
    Settings settings;                // of all
    std::vector<Settings> of_each{};  // on top of it, one for each instance, or none
    Checker::PartitionOf partition_of{};
    bool forgetful_store = false;  // acknowledged messages may be lost by the store itself
  };
  explicit Fleet(Options options);
  ~Fleet();

  // Clients and load, once every relayd is ready. Requires that all clients come to be subscribed.
  void begin();

  RelaydProcess& relayd(std::size_t number) { return *relayds_[number]; }
  std::vector<std::uint16_t> ports() const;
  void kill_relayd(std::size_t number);  // as kill -9; its clients find the others
  bool ready(std::size_t number) const;
  bool all_ready() const;
  std::string readiness(std::size_t number) const;  // /readyz?verbose: status and body

  RoamingClients& clients() { return clients_; }
  Checker& checker() { return checker_; }
  Outcomes& outcomes() { return outcomes_; }

  // From now on: how long until every client has all that is acknowledged by now, and every relayd is ready.
  // Requires that it happens.
  std::chrono::milliseconds time_until_whole();
  // From now on: how long until every relayd is ready, which is when its streams are filled. For a store that
  // may have forgotten what it acknowledged. Their readiness is to name `node`. Requires that it happens.
  std::chrono::milliseconds time_until_ready(const std::string& node = {});
  void end_load() { load_->stop(); }
  // Publishes a message of a test's own through a relayd, and tells the checker. Requires a 201.
  void publish(std::size_t relayd, const std::string& channel, const std::string& payload);
  // What is wrong with what a living instance says of who is present, on any channel. Empty: nothing.
  std::string wrong_presence() const;
  // The same, as soon as nothing is; joins and leaves are heard of a moment later.
  std::string await_right_presence(std::chrono::milliseconds limit = std::chrono::seconds(5));
  // The sum of a counter or gauge over the living instances.
  double metric(std::string_view series) const;

  // Asks the store for everything kept, through relayd, and tells the checker what is missing: how many.
  std::size_t find_forgotten();

  struct Verdict {
    Checker::Allowed allowed{};
    bool disconnects = false;                          // allowed
    std::optional<std::chrono::milliseconds> whole{};  // measured, to be held against the promise
    std::chrono::milliseconds answers_within = kPublishTimeout;
  };
  // Ends the load, waits until everybody has everything, and judges each client and every answer.
  void judge(const std::string& what, Verdict verdict);

 private:
  void judge_client(std::size_t number, const Verdict& verdict);
  bool all_have(const std::vector<std::vector<std::string>>& due, std::vector<std::size_t>& had) const;
  std::vector<std::vector<std::string>> due() const;

  const Options options_;
  std::vector<std::unique_ptr<RelaydProcess>> relayds_;  // killed ones are null
  Checker checker_;
  Outcomes outcomes_;
  RoamingClients clients_;
  std::unique_ptr<FleetLoad> load_;
};

}  // namespace relay::test
