#include "metrics/exposition.hpp"

#include <sys/wait.h>

#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "support/catch.hpp"

using namespace relay::metrics;

namespace {

// Two loops and every sample and series set, so that every family has a value.
class World {
 public:
  World() {
    series_.observe({200, "GET", "relay.example", "/bridge/events", 0.1, 200, 0});
    series_.token_used(0);
    for (LoopMetrics* loop : {&one, &two}) {
      for (const auto& row : kHistogramRows) loop->observe(row.histogram, 0.003);
    }
  }
  Exposition exposition() const {
    return {{&one, &two}, {[](SampleSet& samples) { set_all(samples); }}, &series_};
  }
  LoopMetrics one, two;

 private:
  static void set_all(SampleSet& samples) {
    for (const auto& row : kSampleRows) {
      if (!row.name.starts_with("process_")) samples.set(row.sample, 1, {{"node", "memory"}});
    }
  }
  RequestSeries series_;
};

bool has_line(const std::string& text, const std::string& line) {
  return ('\n' + text).find('\n' + line + '\n') != std::string::npos;
}

std::string value_of(const std::string& text, const std::string& sample) {
  const auto at = ('\n' + text).find('\n' + sample + ' ');
  if (at == std::string::npos) return "";
  const auto value = at + sample.size() + 1;
  return text.substr(value, text.find('\n', value) - value);
}

std::string sample_name(std::string_view name, std::string_view label, std::string_view value) {
  std::string text(name);
  if (!label.empty()) text += "{" + std::string(label) + "=\"" + std::string(value) + "\"}";
  return text;
}

std::string type_name(Type type) {
  return type == Type::kCounter ? "counter" : type == Type::kGauge ? "gauge" : "histogram";
}

void check_described(const std::string& text, std::string_view name, std::string_view help,
                     const std::string& type) {
  INFO(name);
  CHECK(has_line(text, "# HELP " + std::string(name) + " " + std::string(help)));
  CHECK(has_line(text, "# TYPE " + std::string(name) + " " + type));
}

struct Finding {
  int exit_code;
  std::string findings;
};

// promtool of Debian's package prometheus. Without it the exit code is the shell's 127, and the test fails.
Finding promtool(const std::string& text) {
  std::string folder = (std::filesystem::temp_directory_path() / "relay-metrics-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const std::string file = folder + "/metrics";
  std::ofstream(file) << text;
  const std::string command = "promtool check metrics < '" + file + "' 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  Finding lint{};
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
    lint.findings.push_back(static_cast<char>(c));
  lint.exit_code = WEXITSTATUS(pclose(pipe));
  std::filesystem::remove_all(folder);
  return lint;
}

}  // namespace

TEST_CASE("every row is exported with help, type and value") {
  const World world;
  const std::string text = world.exposition().render(Names::kAll);
  for (const auto& row : kCounterRows) {
    check_described(text, row.name, row.help, "counter");
    CHECK(value_of(text, sample_name(row.name, row.label, row.label_value)) == "0");
  }
  for (const auto& row : kGaugeRows) {
    check_described(text, row.name, row.help, "gauge");
    CHECK(value_of(text, sample_name(row.name, row.label, row.label_value)) == "0");
  }
  for (const auto& row : kHistogramRows) {
    check_described(text, row.name, row.help, "histogram");
    CHECK(value_of(text, std::string(row.name) + "_count") == "2");
  }
  for (const auto& row : kSampleRows) {
    check_described(text, row.name, row.help, type_name(row.type));
    const std::string label = row.name.starts_with("process_") ? "" : "node";
    CHECK_FALSE(value_of(text, sample_name(row.name, label, "memory")).empty());
  }
  for (const auto& row : kSeriesRows) check_described(text, row.name, row.help, type_name(row.type));
  for (const auto& row : kAliasRows) check_described(text, row.name, row.help, "histogram");
}

TEST_CASE("a family is described once") {
  const World world;
  std::istringstream lines(world.exposition().render(Names::kAll));
  std::map<std::string, int> seen;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) CHECK(++seen[line.substr(7, line.find(' ', 7) - 7)] == 1);
  }
  CHECK(seen.size() > 60);
}

TEST_CASE("loops are summed") {
  World world;
  const auto exposition = world.exposition();
  for (const auto& row : kCounterRows) {
    world.one.add(row.counter, 2);
    world.two.add(row.counter, 40);
  }
  for (const auto& row : kGaugeRows) {
    world.one.add(row.gauge, 7);
    world.two.add(row.gauge, 3);
  }
  const std::string text = exposition.render(Names::kAll);
  for (const auto& row : kCounterRows) {
    CHECK(exposition.total(row.counter) == 42);
    CHECK(value_of(text, sample_name(row.name, row.label, row.label_value)) == "42");
  }
  for (const auto& row : kGaugeRows) {
    CHECK(exposition.total(row.gauge) == (row.combine == Combine::kSum ? 10 : 7));
  }
  CHECK(value_of(text, "relayd_connections") == "10");
  CHECK(std::abs(std::stod(value_of(text, "relayd_event_loop_lag_seconds")) - 7e-6) < 1e-12);
  CHECK(value_of(text, "relayd_delivery_latency_seconds_bucket{le=\"0.0025\"}") == "0");
  CHECK(value_of(text, "relayd_delivery_latency_seconds_bucket{le=\"0.005\"}") == "2");
}

TEST_CASE("the clean exposition passes promtool") {
  const World world;
  const Finding lint = promtool(world.exposition().render());
  CHECK(lint.findings == "");
  CHECK(lint.exit_code == 0);
}

TEST_CASE("all names: promtool finds what the table says and nothing else") {
  const World world;
  const Finding lint = promtool(world.exposition().render(Names::kAll));
  std::set<std::string> found;
  std::istringstream lines(lint.findings);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) found.insert(line.substr(0, line.find(' ')));
  }
  CHECK(found == std::set<std::string>{"bridge_token_usage", "number_of_bad_requests",
                                       "number_of_delivered_messages", "number_of_expired_messages",
                                       "number_of_transfered_messages", "ws_redis_latency_ms"});
}

TEST_CASE("the clean exposition keeps old names, without the types that lint rejects") {
  World world;
  world.one.add(Counter::kBridgeDelivered, 5);
  const std::string text = world.exposition().render();
  CHECK(has_line(text, "# TYPE number_of_delivered_messages untyped"));
  CHECK(has_line(text, "number_of_delivered_messages 5"));
  CHECK(has_line(text, "bridge_token_usage{token=\"0\"} 1"));
  CHECK(has_line(text, "# TYPE ws_connections_total counter"));
  CHECK(has_line(text, "# TYPE number_of_acitve_connections gauge"));
  CHECK(text.find("ws_redis_latency_ms") == std::string::npos);
}

TEST_CASE("ws_redis_latency_ms is the storage histogram in milliseconds") {
  const World world;
  const std::string text = world.exposition().render(Names::kAll);
  CHECK(std::abs(std::stod(value_of(text, "ws_redis_latency_ms_sum")) - 6) < 1e-9);
  CHECK(value_of(text, "ws_redis_latency_ms_bucket{le=\"2.5\"}") == "0");
  CHECK(value_of(text, "ws_redis_latency_ms_bucket{le=\"5\"}") == "2");
}

TEST_CASE("samples carry their labels, and unset ones are absent") {
  const Exposition exposition({}, {[](SampleSet& samples) {
                                samples.set(Sample::kStorageUp, 1, {{"node", "10.0.0.1:6379"}});
                                samples.set(Sample::kStorageUp, 0, {{"node", "10.0.0.2:6379"}});
                              }},
                              nullptr);
  const std::string text = exposition.render();
  CHECK(value_of(text, "relayd_storage_up{node=\"10.0.0.1:6379\"}") == "1");
  CHECK(value_of(text, "relayd_storage_up{node=\"10.0.0.2:6379\"}") == "0");
  CHECK(text.find("relayd_build_info") == std::string::npos);
}

TEST_CASE("the process is measured") {
  const std::string text = Exposition({}, {}, nullptr).render();
  CHECK(std::stod(value_of(text, "process_resident_memory_bytes")) > 1e6);
  CHECK(std::stod(value_of(text, "process_virtual_memory_bytes")) >=
        std::stod(value_of(text, "process_resident_memory_bytes")));
  CHECK(std::stod(value_of(text, "process_max_fds")) >= 64);
  CHECK(std::stod(value_of(text, "process_cpu_seconds_total")) >= 0);
  const double age =
      static_cast<double>(time(nullptr)) - std::stod(value_of(text, "process_start_time_seconds"));
  CHECK(age > -5);
  CHECK(age < 600);

  const double before = std::stod(value_of(text, "process_open_fds"));
  const std::ifstream one("/proc/self/stat");
  const double after = std::stod(value_of(Exposition({}, {}, nullptr).render(), "process_open_fds"));
  CHECK(after == before + 1);
}
