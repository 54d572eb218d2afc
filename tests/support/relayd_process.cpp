#include "support/relayd_process.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "base/bytes.hpp"
#include "support/http_client.hpp"

namespace relay::test {
namespace {

constexpr std::chrono::seconds kStartLimit{20};

std::string proc_file(pid_t pid, const char* name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The port at the end of the address in a log line such as … msg=http://127.0.0.1:34567 …
std::uint16_t port_in(const std::string& line) {
  constexpr std::string_view kHost = "127.0.0.1:";
  const auto at = line.find(kHost);
  return at == std::string::npos ? 0
                                 : static_cast<std::uint16_t>(std::atoi(line.c_str() + at + kHost.size()));
}

}  // namespace

std::vector<std::string> relayd_command(const Settings& settings, const std::vector<std::string>& arguments) {
  std::vector<std::string> command{RELAYD_BINARY,       "--listen",    "127.0.0.1:0",
                                   "--operator-listen", "127.0.0.1:0", "--set",
                                   "log.format=logfmt", "--set",       "admin.socket="};
  for (const auto& [key, value] : settings) {
    command.emplace_back("--set");
    command.push_back(key + "=" + value);
  }
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

RelaydProcess::RelaydProcess(Settings settings, std::vector<std::string> arguments)
    : process_(relayd_command(settings, arguments)) {
  const auto line = process_.await_line("event=listening ", kStartLimit);
  const auto operator_line = process_.await_line("event=listening.operator ", kStartLimit);
  const auto started = process_.await_line("event=started ", kStartLimit);
  if (!line || !operator_line || !started)
    throw std::runtime_error("relayd did not start:\n" + process_.output());
  port_ = port_in(*line);
  operator_port_ = port_in(*operator_line);
}

void RelaydProcess::await_ready() const {
  const auto until = std::chrono::steady_clock::now() + kStartLimit;
  while (http_get(operator_port_, "/readyz").status != 200) {
    if (std::chrono::steady_clock::now() > until)
      throw std::runtime_error("relayd is not ready:\n" + process_.output());
    std::this_thread::sleep_for(std::chrono::milliseconds(10));  // readiness can only be asked for
  }
}

std::int64_t RelaydProcess::anonymous_bytes() const {
  const std::string status = proc_file(process_.pid(), "status");
  const auto at = status.find("RssAnon:");
  return at == std::string::npos ? 0 : std::atoll(status.c_str() + at + 8) * 1024;
}

std::chrono::milliseconds RelaydProcess::cpu_time() const {
  // utime and stime are the 14th and 15th field; the second one, the name, may hold spaces.
  const std::string stat = proc_file(process_.pid(), "stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return std::chrono::milliseconds((user + system) * 1000 / ::sysconf(_SC_CLK_TCK));
}

std::vector<std::string> RelaydProcess::errors_logged() const {
  std::vector<std::string> lines;
  const std::string output = process_.output();
  for (const std::string_view line : split(output, '\n')) {
    if (line.find("level=error") != std::string_view::npos) lines.emplace_back(line);
  }
  return lines;
}

std::optional<double> RelaydProcess::metric(std::string_view series) const {
  const HttpAnswer answer = http_get(operator_port_, "/metrics");
  for (const std::string_view line : split(answer.body, '\n')) {
    if (line.starts_with(series) && line.substr(series.size()).starts_with(' ')) {
      return std::strtod(std::string(line.substr(series.size())).c_str(), nullptr);
    }
  }
  return {};
}

}  // namespace relay::test
