#include "bench/bench_run.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

namespace relay::test {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

BenchRun::BenchRun(std::vector<std::string> words) : folder_(std::make_unique<ScratchFolder>()) {
  words.insert(words.begin(), RELAYBENCH_BINARY);
  words.insert(words.end(), {"--progress", "plain", "--json", folder_->path() + "/result.json"});
  process_ = std::make_unique<ChildProcess>(words);
}

BenchRun::BenchRun(BenchRun&&) noexcept = default;
BenchRun::~BenchRun() = default;

int BenchRun::wait() {
  const auto code = process_->wait(kLimit);
  const std::string text = text_of(folder_->path() + "/result.json");
  if (!code || text.empty()) throw std::runtime_error("relaybench left no result: " + process_->output());
  result_ = std::make_unique<nlohmann::json>(nlohmann::json::parse(text));
  return *code;
}

std::uint64_t BenchRun::count(const char* name) const {
  return result_->at("delivery").at(name).get<std::uint64_t>();
}

std::uint64_t BenchRun::errors(const char* kind) const {
  for (const nlohmann::json& error : result_->at("errors")) {
    if (error.at("kind") == kind) return error.at("count").get<std::uint64_t>();
  }
  return 0;
}

std::vector<pid_t> BenchRun::generators() const {
  const std::string pid = std::to_string(process_->pid());
  std::istringstream words(text_of("/proc/" + pid + "/task/" + pid + "/children"));
  std::vector<pid_t> children;
  for (pid_t child = 0; words >> child;) children.push_back(child);
  return children;
}

}  // namespace relay::test
