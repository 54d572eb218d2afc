#include "frontend/bridge_state.hpp"

#include <algorithm>
#include <cassert>

#include "frontend/routes.hpp"
#include "metrics/request_series.hpp"

namespace relay::frontend {
namespace {

// Addresses from far apart: ranges that trust all of one family trust everybody.
constexpr std::array<std::string_view, 4> kIpv4Probes{"1.1.1.1", "93.184.216.34", "151.101.1.1",
                                                      "203.0.113.7"};
constexpr std::array<std::string_view, 4> kIpv6Probes{"2001:db8::1", "2606:4700::1", "2a00:1450::1",
                                                      "fd00::1"};

bool trusts_all(const std::vector<net::IpRange>& ranges, const std::array<std::string_view, 4>& probes) {
  return std::all_of(probes.begin(), probes.end(), [&](std::string_view probe) {
    const net::IpAddress address = *net::IpAddress::parse(probe);
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const net::IpRange& range) { return range.contains(address); });
  });
}

}  // namespace

BridgePoster& BridgeState::poster(LoopContext& here) {
  const auto index = static_cast<std::size_t>(here.loop.index());
  assert(index < posters_.size());
  if (posters_[index] == nullptr) {
    std::call_once(tls_once_, [this] { tls_ = make_hook_tls(); });
    posters_[index] = std::make_shared<BridgePoster>(here.loop.context(), here.metrics, tls_);
  }
  return *posters_[index];
}

void count_bridge_request(Exchange& exchange, int status, std::size_t response_bytes) {
  LoopContext& context = exchange.context();
  if (context.shared.request_series == nullptr) return;
  const Route* route = exchange.route();
  std::string url;
  if (route != nullptr) url.append(context.settings->options.bridge.path).append(route->pattern);
  const wire::HttpRequest& request = exchange.request();
  const std::chrono::duration<double> took = context.loop.clock().steady() - exchange.started();
  metrics::RequestOutcome outcome;
  outcome.code = status;
  outcome.method = request.method;
  outcome.host = request.header("Host").value_or("");
  outcome.url = route == nullptr ? std::string_view("other") : std::string_view(url);
  outcome.seconds = took.count();
  outcome.request_bytes = request.body.size();
  outcome.response_bytes = response_bytes;
  context.shared.request_series->observe(outcome);
}

bool bypasses_limits(Exchange& exchange) {
  LoopContext& context = exchange.context();
  const auto authorization = exchange.request().header("Authorization");
  if (!authorization) return false;
  const auto token = find_bypass_token(context.settings->options.bridge.bypass_tokens, *authorization);
  if (token && context.shared.request_series != nullptr) context.shared.request_series->token_used(*token);
  return token.has_value();
}

std::vector<std::string> bridge_warnings(const options::Options& options) {
  std::vector<std::string> warnings;
  if (!options.bridge.enable) return warnings;
  std::vector<net::IpRange> ranges;
  for (const std::string& text : options.proxy.trusted_ranges) {
    if (const auto range = net::IpRange::parse(text)) ranges.push_back(*range);
  }
  if (trusts_all(ranges, kIpv4Probes) || trusts_all(ranges, kIpv6Probes)) {
    warnings.push_back(
        "proxy.trusted_ranges trusts every address: behind a proxy all clients count as one, and one that "
        "sends "
        "X-Forwarded-For of the family that is not trusted chooses its own address; name the proxies' "
        "addresses");
  }
  for (const std::string& url : options.bridge.webhook_urls) {
    if (!HttpUrl::parse(url))
      warnings.push_back("bridge.webhook_urls: \"" + url + "\" is not an http(s) URL");
  }
  if (!options.bridge.copy_to_url.empty() && !HttpUrl::parse(options.bridge.copy_to_url)) {
    warnings.push_back("bridge.copy_to_url: \"" + options.bridge.copy_to_url + "\" is not an http(s) URL");
  }
  return warnings;
}

}  // namespace relay::frontend
