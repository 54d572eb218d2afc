// What the measured server itself uses: CPU time and memory of its processes from /proc (proc(5)), which are
// a pid and its children or those of a unit (its control group, cgroups(7)), and its own Prometheus page.
// Asked for between phases, never within one. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "plan.hpp"

namespace relay::bench {

class ServerCost {
 public:
  // What can be seen at one moment.
  struct Snapshot {
    std::optional<std::int64_t> cpu_ns;
    std::optional<std::int64_t> rss_bytes;
    std::optional<std::int64_t> anonymous_bytes;
    std::map<std::string, double> scrape;
  };

  // Errors: kInvalid "no_server_process" when the pid or unit is not there, "no_metrics" when the page cannot
  // be read.
  static Result<ServerCost> make(const ServerWatch& watch);

  bool watches_anything() const { return !source_.empty(); }
  const std::string& source() const { return source_; }
  Snapshot take() const;

 private:
  std::vector<std::int64_t> processes() const;

  ServerWatch watch_;
  std::string group_;  // the unit's folder; empty: none
  std::string source_;
};

// A process and all that descend from it.
std::vector<std::int64_t> process_family(std::int64_t pid);
// Time on a processor, of all threads that live; to the nanosecond. Nothing: no such process.
std::optional<std::int64_t> process_cpu_ns(std::int64_t pid);
// A line of /proc/PID/status in bytes ("VmRSS", "RssAnon").
std::optional<std::int64_t> process_memory_bytes(std::int64_t pid, std::string_view line);

}  // namespace relay::bench
