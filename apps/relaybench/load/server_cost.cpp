#include "load/server_cost.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "client/http_client.hpp"

namespace relay::bench {
namespace {

namespace fs = std::filesystem;

std::string proc(std::int64_t pid) {
  return "/proc/" + std::to_string(pid);
}

std::vector<std::int64_t> numbers_in(const fs::path& file) {
  std::vector<std::int64_t> numbers;
  std::ifstream in(file);
  for (std::int64_t number = 0; in >> number;) numbers.push_back(number);
  return numbers;
}

// Where systemd keeps the unit: system.slice/NAME, system.slice/system-foo.slice/foo@1.service, or deeper for
// those of users.
std::string control_group(const ServerWatch& watch) {
  const std::string& unit = watch.systemd_unit;
  const std::string name = unit.find('.') == unit.npos ? unit + ".service" : unit;
  constexpr int kDeepest = 8;
  std::error_code error;
  const auto skip = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(watch.control_groups, skip, error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().filename() == name && fs::exists(at->path() / "cgroup.procs", error)) return at->path();
    if (at.depth() >= kDeepest) at.disable_recursion_pending();
  }
  return {};
}

// Those of groups below it too: a unit may divide its own.
std::vector<std::int64_t> processes_of_group(const std::string& group) {
  std::vector<std::int64_t> all = numbers_in(fs::path(group) / "cgroup.procs");
  std::error_code error;
  for (fs::recursive_directory_iterator at(group, error), end; !error && at != end; at.increment(error)) {
    if (!at->is_directory(error)) continue;
    for (const std::int64_t pid : numbers_in(at->path() / "cgroup.procs")) all.push_back(pid);
  }
  return all;
}

// "name{labels} value" by line (the Prometheus text format, without times).
std::map<std::string, double> read_page(std::string_view page) {
  std::map<std::string, double> values;
  std::istringstream in{std::string(page)};
  for (std::string line; std::getline(in, line);) {
    const auto space = line.rfind(' ');
    if (line.empty() || line[0] == '#' || space == line.npos) continue;
    double value = 0;
    const auto [end, error] = std::from_chars(line.data() + space + 1, line.data() + line.size(), value);
    if (error == std::errc()) values[line.substr(0, space)] = value;
  }
  return values;
}

Result<std::map<std::string, double>> scrape(const std::string& text) {
  const auto url = client::Url::parse(text);
  if (!url) return url.error();
  const auto reply = client::http_request(*url, "GET");
  if (!reply || reply->status != 200) {
    return make_error(ErrorKind::kInvalid, "no_metrics",
                      text + " gives no metrics: " +
                          (reply ? "status " + std::to_string(reply->status) : reply.error().message));
  }
  return read_page(reply->body);
}

void add(std::optional<std::int64_t>& sum, std::optional<std::int64_t> value) {
  if (value) sum = sum.value_or(0) + *value;
}

}  // namespace

std::vector<std::int64_t> process_family(std::int64_t pid) {
  std::vector<std::int64_t> family = {pid};
  for (std::size_t i = 0; i < family.size(); ++i) {
    std::error_code error;
    for (const auto& task : fs::directory_iterator(proc(family[i]) + "/task", error)) {
      for (const std::int64_t child : numbers_in(task.path() / "children")) family.push_back(child);
    }
  }
  return family;
}

std::optional<std::int64_t> process_cpu_ns(std::int64_t pid) {
  std::optional<std::int64_t> sum;
  std::error_code error;
  for (const auto& task : fs::directory_iterator(proc(pid) + "/task", error)) {
    const auto numbers = numbers_in(task.path() / "schedstat");
    if (!numbers.empty()) add(sum, numbers.front());
  }
  return sum;
}

std::optional<std::int64_t> process_memory_bytes(std::int64_t pid, std::string_view line) {
  std::ifstream in(proc(pid) + "/status");
  for (std::string text; std::getline(in, text);) {
    if (!text.starts_with(line) || text.size() <= line.size() || text[line.size()] != ':') continue;
    return std::stoll(text.substr(line.size() + 1)) * 1024;
  }
  return {};
}

Result<ServerCost> ServerCost::make(const ServerWatch& watch) {
  ServerCost cost;
  cost.watch_ = watch;
  if (watch.pid != 0) {
    cost.source_ = "pid " + std::to_string(watch.pid);
  } else if (!watch.systemd_unit.empty()) {
    cost.source_ = "unit " + watch.systemd_unit;
  } else if (!watch.metrics_url.empty()) {
    cost.source_ = watch.metrics_url;
  }
  if (watch.pid == 0 && !watch.systemd_unit.empty()) cost.group_ = control_group(watch);
  const bool by_process = watch.pid != 0 || !watch.systemd_unit.empty();
  if (by_process && !cost.take().cpu_ns) {
    return make_error(ErrorKind::kInvalid, "no_server_process",
                      "cannot see the server's processes: " + cost.source_);
  }
  if (!watch.metrics_url.empty()) {
    if (auto page = scrape(watch.metrics_url); !page) return page.error();
  }
  return cost;
}

std::vector<std::int64_t> ServerCost::processes() const {
  if (watch_.pid != 0) return process_family(watch_.pid);
  if (!group_.empty()) return processes_of_group(group_);
  return {};
}

ServerCost::Snapshot ServerCost::take() const {
  Snapshot now;
  for (const std::int64_t pid : processes()) {
    add(now.cpu_ns, process_cpu_ns(pid));
    add(now.rss_bytes, process_memory_bytes(pid, "VmRSS"));
    add(now.anonymous_bytes, process_memory_bytes(pid, "RssAnon"));
  }
  if (watch_.metrics_url.empty()) return now;
  if (auto page = scrape(watch_.metrics_url)) now.scrape = std::move(*page);
  const auto cpu = now.scrape.find("process_cpu_seconds_total");
  const auto rss = now.scrape.find("process_resident_memory_bytes");
  if (!now.cpu_ns && cpu != now.scrape.end()) now.cpu_ns = static_cast<std::int64_t>(cpu->second * 1e9);
  if (!now.rss_bytes && rss != now.scrape.end()) now.rss_bytes = static_cast<std::int64_t>(rss->second);
  return now;
}

}  // namespace relay::bench
