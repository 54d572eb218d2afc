#include "request.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "base/bytes.hpp"
#include "options/value.hpp"

namespace relay::bench {
namespace {

using cli::Failure;
using cli::Outcome;
using cli::usage;

constexpr std::uint32_t kMostAddresses = 256;

// One a line.
Outcome<std::vector<std::string>> tokens_of(const std::string& path) {
  std::vector<std::string> tokens;
  if (path.empty()) return tokens;
  std::ifstream file(path);
  if (!file) return Failure{exit_code::kNoInput, "cannot read the token file " + path};
  for (std::string line; std::getline(file, line);) {
    if (!trim(line).empty()) tokens.emplace_back(trim(line));
  }
  if (tokens.empty())
    return Failure{exit_code::kData, "there is no token in " + path, "one a line is expected"};
  return tokens;
}

// "127.0.0.0/28": its addresses without the first and the last one, which are no hosts.
Outcome<void> add_network(const std::string& text, std::vector<std::string>& addresses) {
  const auto refuse = [&] {
    return usage("\"" + text + "\" is no source address", "write 127.0.0.2 or, for several, 127.0.0.0/28");
  };
  const auto slash = text.find('/');
  in_addr address{};
  if (slash == text.npos) {
    in6_addr six{};
    if (::inet_pton(AF_INET, text.c_str(), &address) != 1 && ::inet_pton(AF_INET6, text.c_str(), &six) != 1)
      return refuse();
    addresses.push_back(text);
    return {};
  }
  const auto bits = options::parse_count(text.substr(slash + 1));
  if (::inet_pton(AF_INET, text.substr(0, slash).c_str(), &address) != 1 || !bits || *bits < 8 || *bits > 30)
    return refuse();
  const std::uint32_t size = 1U << (32 - *bits);
  const std::uint32_t first = ntohl(address.s_addr) & ~(size - 1);
  for (std::uint32_t i = 1; i < size - 1 && i <= kMostAddresses; ++i) {
    const in_addr one{htonl(first + i)};
    char name[INET_ADDRSTRLEN];
    addresses.emplace_back(::inet_ntop(AF_INET, &one, name, sizeof name));
  }
  return {};
}

double share_of(const Level& level, double whole) {
  if (level.share) return level.number;
  return whole > 0 ? level.number / whole : 0;
}

// What makes the stages fill --duration, keeping their proportions.
double stretch(const Request& request) {
  if (!request.duration) return 1;
  milliseconds sum{0};
  for (const StageRequest& stage : request.stages) sum += stage.duration;
  return sum.count() == 0 ? 1
                          : static_cast<double>(request.duration->count()) / static_cast<double>(sum.count());
}

Outcome<std::vector<StagePlan>> stages_of(const Request& request) {
  const Shape& shape = request.plan.shape;
  std::vector<StageRequest> stages = request.stages;
  if (stages.empty()) {
    StageRequest whole;
    whole.duration = request.duration.value_or(whole.duration);
    stages.push_back(whole);
  }
  const double factor = request.stages.empty() ? 1 : stretch(request);
  std::vector<StagePlan> out;
  for (const StageRequest& stage : stages) {
    if (!stage.rate.share && shape.rate <= 0)
      return usage("stage \"" + stage.name + "\" has a rate, and there is none to start from",
                   "say load.rate, or give the stage its share of it (rate = \"50%\")");
    const auto length = std::llround(static_cast<double>(stage.duration.count()) * factor);
    StagePlan one{stage.name, milliseconds{length}, share_of(stage.clients, shape.subscribers),
                  share_of(stage.rate, shape.rate), stage.ramp};
    if (stage.churn) one.churn = stage.churn->number * (stage.churn->share ? shape.churn : 1);
    if (!stage.action.empty() && !request.allow_hooks)
      return usage("stage \"" + stage.name + "\" has an action, and nobody allowed it: " + stage.action,
                   "commands of a scenario file run as you; if that is well: relaybench run --allow-hooks");
    one.action = stage.action;
    out.push_back(std::move(one));
  }
  return out;
}

std::uint32_t scaled(std::uint32_t number, double scale) {
  if (number == 0) return 0;
  return std::max<std::uint32_t>(1, static_cast<std::uint32_t>(std::llround(number * scale)));
}

// A smaller (or greater) run of the same shape: how many hear one message stays in proportion.
void apply_scale(Plan& plan, double scale) {
  Shape& shape = plan.shape;
  shape.subscribers = scaled(shape.subscribers, scale);
  if (shape.channels > 1) shape.channels = scaled(shape.channels, scale);
  shape.channels_per_subscriber = std::min(shape.channels_per_subscriber, shape.channels);
  shape.publishers = scaled(shape.publishers, scale);
  shape.rate *= scale;
  shape.churn *= scale;
  for (StagePlan& stage : plan.stages) {
    if (stage.churn) *stage.churn *= scale;
  }
  plan.connect_rate *= scale;
}

}  // namespace

Outcome<Plan> finished(const Request& request) {
  Plan plan = request.plan;
  auto tokens = tokens_of(request.token_file);
  if (!tokens) return tokens.error();
  if (!tokens->empty()) plan.target.tokens = std::move(*tokens);
  for (const std::string& network : request.source_networks) {
    if (const auto added = add_network(network, plan.target.source_addresses); !added) return added.error();
  }
  auto secret = tokens_of(request.worker_secret_file);
  if (!secret) return secret.error();
  if (!secret->empty()) plan.worker_secret = secret->front();
  if (!plan.workers.empty() && plan.worker_secret.empty())
    return usage("--workers needs the secret that they were started with", "add --worker-secret FILE");
  auto stages = stages_of(request);
  if (!stages) return stages.error();
  plan.stages = std::move(*stages);
  if (request.all_channels) plan.shape.channels_per_subscriber = plan.shape.channels;
  if (request.ramp && request.ramp->count() > 0)
    plan.connect_rate = plan.shape.subscribers * 1000.0 / static_cast<double>(request.ramp->count());
  if (request.scale != 1) apply_scale(plan, request.scale);
  if (const auto fine = check(plan); !fine) return usage(fine.error().message);
  return plan;
}

}  // namespace relay::bench
