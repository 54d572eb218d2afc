#include "server/check.hpp"

#include <algorithm>
#include <future>
#include <optional>
#include <thread>

#include "base/exit_code.hpp"
#include "base/log.hpp"
#include "frontend/context.hpp"
#include "net/io_loop.hpp"
#include "net/listener.hpp"
#include "server/load_tls.hpp"
#include "server/make_storage.hpp"

namespace relay::server {
namespace {

constexpr Milliseconds kLook{20};

struct Unheard final : hub::StorageEvents {
  void on_announced(hub::DeliveryPtr) override {}
  void on_interrupted() override {}
  void on_restored() override {}
};

// A loop of its own with a store on it, for as long as it takes to see whether the store answers.
class StorageTrial {
 public:
  StorageTrial(const options::Options& options, const StorageShared& shared)
      : settings_(std::make_shared<frontend::Settings>()), loop_(0) {
    settings_->options = options;
    shared_.instance_id = "check-" + random_hex(4);
    context_.emplace(loop_, metrics_, shared_, settings_);
    context_->storage = make_storage(options, shared, *context_);
    for (std::uint32_t i = 0; i < context_->storage->partitions(); ++i)
      context_->storage->attach(i, unheard_);
    thread_ = std::thread([this] { loop_.run(); });
    loop_.post([this] { context_->storage->start(); });
  }
  ~StorageTrial() {
    loop_.post([this] {
      context_->storage->stop();
      loop_.post([this] { loop_.stop(); });
    });
    thread_.join();
  }
  StorageTrial(const StorageTrial&) = delete;
  StorageTrial& operator=(const StorageTrial&) = delete;

  std::vector<hub::NodeHealth> health() {
    std::promise<std::vector<hub::NodeHealth>> answer;
    auto answered = answer.get_future();
    loop_.post([&] { answer.set_value(context_->storage->health()); });
    return answered.get();
  }

 private:
  std::shared_ptr<frontend::Settings> settings_;
  metrics::LoopMetrics metrics_;
  frontend::Shared shared_;
  net::IoLoop loop_;
  Unheard unheard_;
  std::optional<frontend::LoopContext> context_;
  std::thread thread_;
};

bool all_up(const std::vector<hub::NodeHealth>& nodes) {
  return !nodes.empty() && std::all_of(nodes.begin(), nodes.end(), [](const auto& node) { return node.up; });
}

void check_addresses(const options::Options& options, std::vector<Problem>& problems) {
  std::vector<std::string> addresses = options.listen;
  if (!options.operator_port.listen.empty()) addresses.push_back(options.operator_port.listen);
  if (!options.admin.socket.empty()) addresses.push_back("unix:" + options.admin.socket);
  for (const std::string& text : addresses) {
    const auto endpoint = net::Endpoint::parse(text);
    const auto free = endpoint ? net::try_listener(*endpoint) : Result<bool>(endpoint.error());
    if (free) continue;
    problems.push_back({exit_code::kOsRefused, "an address of relayd cannot be used", free.error().message,
                        "stop what has it, or choose another in listen, operator.listen or admin.socket"});
  }
}

void check_storage(const options::Options& options, const StorageShared& shared,
                   std::vector<Problem>& problems) {
  const auto until = std::chrono::steady_clock::now() + options.redis.connect_timeout + kStorageGrace;
  StorageTrial trial(options, shared);
  std::vector<hub::NodeHealth> nodes = trial.health();
  while (!all_up(nodes) && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(kLook);
    nodes = trial.health();
  }
  for (const hub::NodeHealth& node : nodes) {
    if (node.up) continue;
    problems.push_back({exit_code::kUnavailable, "the storage at " + node.name + " cannot be used",
                        node.reason,
                        "see that it runs and is reachable, and that the address, user and password under [" +
                            options.storage + "] are right"});
  }
}

std::optional<StorageShared> check_files_into(const options::Options& options,
                                              std::vector<Problem>& problems) {
  if (const auto tls = load_tls(options.tls); !tls) {
    problems.push_back({exit_code::kConfig, "the certificate of the listeners cannot be used",
                        tls.error().message, "see tls.certificate_file and tls.key_file in relayd.toml(5)"});
  }
  auto storage = prepare_storage(options, system_clock());
  if (storage) return std::move(*storage);
  problems.push_back({exit_code::kConfig, "the settings of the storage cannot be used",
                      storage.error().message,
                      "see the section [" + options.storage + "] in relayd.toml(5)"});
  return std::nullopt;
}

}  // namespace

std::string Problem::text() const {
  return "relayd: error: " + what + ": " + why + "\n  help: " + help + "\n";
}

std::vector<Problem> check_files(const options::Options& options) {
  std::vector<Problem> problems;
  check_files_into(options, problems);
  return problems;
}

std::vector<Problem> check_everything(const options::Options& options) {
  log::configure({.level = log::Level::kError, .format = log::Format::kText, .file = {}, .instance = {}});
  std::vector<Problem> problems;
  const auto storage = check_files_into(options, problems);
  check_addresses(options, problems);
  if (storage) check_storage(options, *storage, problems);
  return problems;
}

}  // namespace relay::server
