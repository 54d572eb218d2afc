// relayd: builds every part by hand, runs it, reacts to signals, drains and stops.
//
// The main thread owns everything and only waits for signals; each loop has a thread. Exit codes as in
// relayd(8), EXIT STATUS.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/context.hpp"
#include "metrics/exposition.hpp"
#include "options/load.hpp"
#include "server/instance.hpp"
#include "server/instance_id.hpp"
#include "server/operator_requests.hpp"
#include "server/running_config.hpp"
#include "server/worker.hpp"

namespace relay::server {

class Server {
 public:
  // `load_again` reads the configuration once more, for SIGHUP.
  // `commit` is what it was built from; it outlives the server.
  Server(options::Loaded loaded, std::function<options::LoadOutcome()> load_again, std::string_view commit);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Runs until a signal ends it; returns the exit code.
  int run();

 private:
  enum class Stop { kDrained, kNow };

  Result<std::string> choose_instance_id();
  Result<bool> prepare();
  Result<bool> open_listeners();
  void sample(metrics::SampleSet& out) const;
  void announce() const;
  int wait_for_signals();
  Result<options::Changes> reload();
  Result<bool> apply(const options::Options& fresh);
  void drain_by_operator(std::optional<Milliseconds> spread);  // none: undrain
  OperatorRequests::Actions operator_actions();
  void note_certificate();
  void dump_state() const;
  void report_status(bool draining) const;
  void drain_and_stop();
  bool interrupted_within(Milliseconds time);
  void leave_registry();
  void stop_workers();
  bool all_ticking() const;

  RunningConfig config_;
  frontend::Shared shared_;
  std::shared_ptr<const frontend::Settings> settings_;
  std::shared_ptr<const net::TlsContext> tls_;
  std::atomic<std::int64_t> certificate_end_ms_{0};  // 0: none; for scrapes
  StorageShared storage_;
  std::string storage_name_;
  InstanceIdFile instance_id_file_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<Instance> instance_;  // speaks to the first worker's store
  std::unique_ptr<metrics::RequestSeries> request_series_;
  std::unique_ptr<metrics::Exposition> exposition_;
  std::vector<net::Endpoint> public_endpoints_;
  std::string operator_endpoint_;
  OperatorRequests requests_;
};

}  // namespace relay::server
