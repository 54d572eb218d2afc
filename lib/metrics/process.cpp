#include "metrics/process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

namespace relay::metrics {
namespace {

// Fields of /proc/self/stat, numbered as in proc(5).
struct Stat {
  double utime = 0;      // 14, clock ticks
  double stime = 0;      // 15, clock ticks
  double starttime = 0;  // 22, clock ticks since boot
  double vsize = 0;      // 23, bytes
  double rss = 0;        // 24, pages
};

std::optional<Stat> read_stat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return {};
  // Field 2 is the program's name in parentheses and may hold anything, parentheses too.
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(line.substr(name_end + 1));
  Stat stat;
  std::string field;
  for (int number = 3; number <= 24 && fields >> field; ++number) {
    switch (number) {
      case 14:
        stat.utime = std::stod(field);
        break;
      case 15:
        stat.stime = std::stod(field);
        break;
      case 22:
        stat.starttime = std::stod(field);
        break;
      case 23:
        stat.vsize = std::stod(field);
        break;
      case 24:
        stat.rss = std::stod(field);
        return stat;
      default:
        break;
    }
  }
  return {};
}

std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return {};
}

std::optional<double> open_files() {
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  double count = -1;  // the iterator's own descriptor is listed too
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
  if (error) return {};
  return count;
}

}  // namespace

void sample_process(SampleSet& samples) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
    samples.set(Sample::kProcessMaxFiles, static_cast<double>(limit.rlim_cur));
  if (const auto count = open_files()) samples.set(Sample::kProcessOpenFiles, *count);

  const auto stat = read_stat();
  if (!stat) return;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  samples.set(Sample::kProcessCpu, (stat->utime + stat->stime) / ticks);
  samples.set(Sample::kProcessVirtualMemory, stat->vsize);
  samples.set(Sample::kProcessResidentMemory, stat->rss * static_cast<double>(sysconf(_SC_PAGESIZE)));
  if (const auto boot = boot_time()) samples.set(Sample::kProcessStartTime, *boot + stat->starttime / ticks);
}

}  // namespace relay::metrics
