// The built relayd on free loopback ports, as a test sees it from outside.
//
// One test thread. Destroying it kills the process. A relayd that does not start throws std::runtime_error
// with its whole output.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/child_process.hpp"

namespace relay::test {

// Settings by key, as for --set.
using Settings = std::map<std::string, std::string>;

class RelaydProcess {
 public:
  // Storage is memory unless the settings say otherwise (tests/support/storage_under_test.hpp).
  explicit RelaydProcess(Settings settings = {}, std::vector<std::string> arguments = {});

  // Until /readyz says 200: its storage answers. Throws std::runtime_error if that takes too long.
  void await_ready() const;

  std::uint16_t port() const { return port_; }
  std::uint16_t operator_port() const { return operator_port_; }
  ChildProcess& process() { return process_; }

  std::int64_t anonymous_bytes() const;  // RssAnon: what the program itself has allocated and touched
  std::chrono::milliseconds cpu_time() const;
  // Lines at level error in the log so far.
  std::vector<std::string> errors_logged() const;
  // The value of the metric whose line begins with `series`; nothing if there is none.
  std::optional<double> metric(std::string_view series) const;

 private:
  ChildProcess process_;
  std::uint16_t port_ = 0;
  std::uint16_t operator_port_ = 0;
};

// The command that starts relayd with these settings, without starting it.
std::vector<std::string> relayd_command(const Settings& settings,
                                        const std::vector<std::string>& arguments = {});

}  // namespace relay::test
