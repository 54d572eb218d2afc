#include "commands/doctor.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/human.hpp"
#include "loads.hpp"

namespace relay::bench {
namespace {

constexpr std::int64_t kOwnDescriptors = 50;        // of a generator, beside its connections
constexpr std::int64_t kBytesPerClient = 8 * 1024;  // of a generator, with the kernel's part

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::int64_t number_in(const char* path, std::int64_t otherwise) {
  const std::string line = first_line(path);
  return line.empty() ? otherwise : std::atoll(line.c_str());
}

std::int64_t available_memory() {
  std::ifstream file("/proc/meminfo");
  for (std::string word; file >> word;) {
    std::int64_t kib = 0;
    if (word == "MemAvailable:" && file >> kib) return kib * 1024;
  }
  return 0;
}

std::int64_t connections(const Plan& plan) {
  return std::int64_t{plan.shape.subscribers} + plan.shape.publishers;
}

std::int64_t per_process(const Plan& plan) {
  return (connections(plan) + plan.processes - 1) / plan.processes + kOwnDescriptors;
}

Finding descriptors(const Machine& machine, const Plan& plan) {
  const std::int64_t need = per_process(plan);
  const std::string what = "a generator needs " + cli::grouped(need) + " descriptors, " +
                           cli::grouped(machine.descriptors) + " are allowed";
  if (need <= machine.descriptors) return {true, what, {}};
  const std::int64_t room = std::max<std::int64_t>(1, machine.descriptors_most - kOwnDescriptors);
  if (need <= machine.descriptors_most) return {false, what, "ulimit -n " + std::to_string(need)};
  return {false, what,
          "--processes " + std::to_string((connections(plan) + room - 1) / room) + ", with ulimit -n " +
              std::to_string(machine.descriptors_most)};
}

Finding ports(const Machine& machine, const Plan& plan) {
  const auto sources =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(plan.target.source_addresses.size()));
  const std::int64_t each = machine.last_port - machine.first_port + 1;
  const std::string what = cli::grouped(connections(plan)) + " connections to one address, " +
                           cli::grouped(each * sources) + " ports for them";
  if (connections(plan) <= each * sources) return {true, what, {}};
  return {false, what,
          "more source addresses: --source-ip 127.0.0.0/28 (on loopback), or a wider "
          "net.ipv4.ip_local_port_range"};
}

Finding backlog(const Machine& machine, const Plan& plan) {
  const std::int64_t want = plan.connect_rate > 0 ? static_cast<std::int64_t>(plan.connect_rate) : 1024;
  const std::string what = "net.core.somaxconn is " + cli::grouped(machine.somaxconn);
  if (machine.somaxconn >= std::min<std::int64_t>(want, 4096)) return {true, what, {}};
  return {false, what, "sysctl net.core.somaxconn=4096, for the server's listener"};
}

Finding cores(const Machine& machine, const Plan& plan) {
  const std::string what = cli::counted(machine.cores, "core") + " for " +
                           cli::counted(plan.processes, "generator") + " and whatever else runs here";
  if (plan.processes <= machine.cores) return {true, what, {}};
  return {false, what, "--processes " + std::to_string(machine.cores) + ", or generators on another machine"};
}

Finding quiet(const Machine& machine) {
  std::ostringstream load;
  load.precision(2);
  load << std::fixed << machine.load;
  const std::string what = "load average " + load.str() + " on " + cli::counted(machine.cores, "core");
  if (machine.load <= 0.5 * static_cast<double>(machine.cores)) return {true, what, {}};
  return {false, what,
          "something else is running: figures will vary; alternate what you compare (relaybench versus)"};
}

Finding clock(const Machine& machine) {
  const std::string what =
      "clock source " + (machine.clock_source.empty() ? "unknown" : machine.clock_source);
  const bool slow = machine.clock_source == "hpet" || machine.clock_source == "acpi_pm" ||
                    machine.clock_source == "jiffies";
  if (!slow) return {true, what, {}};
  return {false, what,
          "reading the time is slow with it; see "
          "/sys/devices/system/clocksource/clocksource0/available_clocksource"};
}

Finding memory(const Machine& machine, const Plan& plan) {
  const std::int64_t need = connections(plan) * kBytesPerClient;
  const std::string what = "about " + cli::human_bytes(need) + " for the connections, " +
                           cli::human_bytes(machine.memory_bytes) + " available";
  if (machine.memory_bytes == 0 || need < machine.memory_bytes / 2) return {true, what, {}};
  return {false, what, "fewer clients, or generators on another machine"};
}

std::string as_json(const std::vector<Finding>& findings) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Finding& finding : findings)
    all.push_back({{"ok", finding.fine}, {"finding", finding.what}, {"fix", finding.fix}});
  return all.dump(2) + "\n";
}

std::string as_text(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    out += (finding.fine ? "ok    " : "fix   ") + finding.what + "\n";
    if (!finding.fine) out += "      -> " + finding.fix + "\n";
  }
  return out;
}

}  // namespace

Machine this_machine() {
  Machine machine;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    machine.descriptors = static_cast<std::int64_t>(limit.rlim_cur);
    machine.descriptors_most = static_cast<std::int64_t>(limit.rlim_max);
  }
  std::istringstream range(first_line("/proc/sys/net/ipv4/ip_local_port_range"));
  range >> machine.first_port >> machine.last_port;
  machine.somaxconn = number_in("/proc/sys/net/core/somaxconn", machine.somaxconn);
  machine.cores = std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
  double load[1] = {0};
  if (::getloadavg(load, 1) == 1) machine.load = load[0];
  machine.clock_source = first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  machine.memory_bytes = available_memory();
  return machine;
}

std::vector<Finding> examine(const Machine& machine, const Plan& plan) {
  return {descriptors(machine, plan), ports(machine, plan), backlog(machine, plan),
          cores(machine, plan),       quiet(machine),       clock(machine),
          memory(machine, plan)};
}

cli::Form doctor_form() {
  return {.arguments = {{"LOAD", cli::Arity::kOptional, cli::Words::kScenario}},
          .text =
              "LOAD is a ready-made load or a scenario file; its clients, publishers and processes are what "
              "the machine "
              "is judged for. Exit 1 when something stands in the way.\n",
          .examples = {{"relaybench doctor", "for the fan-out as it comes"},
                       {"relaybench doctor examples/scenarios/streams.toml", "for 50,000 streams"}}};
}

int doctor(Context& context) {
  auto request = request_of(context.arguments.text_or("LOAD", "fanout"), context.arguments);
  if (!request) return context.fail(request.error());
  request->allow_hooks = true;  // nothing is run here
  const auto plan = finished(*request);
  if (!plan) return context.fail(plan.error());
  const auto findings = examine(this_machine(), *plan);
  if (const int code = context.print(context.json() ? as_json(findings) : as_text(findings)); code != 0)
    return code;
  const bool fine = std::all_of(findings.begin(), findings.end(), [](const Finding& f) { return f.fine; });
  return fine ? exit_code::kOk : exit_code::kNo;
}

}  // namespace relay::bench
