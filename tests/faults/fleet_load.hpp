// 200 publishes a second to changing channels through every relayd of a fleet, each told to the checker.
//
// Threads of its own, from construction to stop(). A publisher whose relayd is gone or does not know whether
// it stored repeats with the same Idempotency-Key at the next one, until it has a definite answer; three of
// four publishes have no key and are left unknown instead. Payload: "CHANNEL PUBLISHER/NUMBER", no two alike.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/checker.hpp"
#include "support/http_client.hpp"

namespace relay::test {

struct Outcomes {
  std::atomic<int> stored{0};
  std::atomic<int> repeated{0};             // of them: the first attempt had no definite answer
  std::atomic<int> refused{0};              // 503
  std::atomic<int> unknown{0};              // 504, or the relayd died
  std::atomic<int> others{0};               // whatever a publisher should not see
  std::atomic<std::int64_t> slowest_ms{0};  // of relayd's answers
};

class FleetLoad {
 public:
  static constexpr int kPublishers = 10;
  static constexpr std::chrono::milliseconds kPace{50};  // of each publisher: 200 a second together

  struct Plan {
    std::vector<std::uint16_t> ports;  // relayds
    std::string prefix;                // channels prefix0 to prefix<channels - 1>
    int channels = 0;
    // The store may forget what it stored: then a repeated publish may have been delivered before.
    bool forgetful_store = false;
  };
  FleetLoad(Plan plan, Checker& checker, Outcomes& outcomes);
  ~FleetLoad() { stop(); }
  void stop();

 private:
  struct Publisher {
    int number = 0;
    std::vector<std::unique_ptr<HttpClient>> connections;  // one per relayd, as needed
  };
  // An answer's status (0: the request left and none came; -1: it did not leave), and the id.
  struct Answer {
    int status = 0;
    MessageId id = 0;
  };
  void run(int number);
  void publish(Publisher& publisher, int number);
  Answer attempt(Publisher& publisher, std::size_t relayd, const std::string& channel,
                 const std::string& payload, bool with_key);
  void note_duration(std::chrono::steady_clock::time_point began);
  bool stopped_by(std::chrono::steady_clock::time_point time);

  const Plan plan_;
  Checker& checker_;
  Outcomes& outcomes_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace relay::test
