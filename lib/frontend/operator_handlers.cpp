// The operator port: probes, version, metrics; and the public front page.
#include <algorithm>

#include "base/text.hpp"
#include "frontend/errors.hpp"
#include "frontend/handlers.hpp"
#include "frontend/routes.hpp"
#include "metrics/exposition.hpp"

namespace relay::frontend {
namespace {

// A loop that has not ticked (every 100 ms) for so long is stuck.
constexpr std::int64_t kStuckMs = 5000;

void answer(const ExchangePtr& exchange, wire::HttpResponse response) {
  const std::string_view commit = exchange->context().shared.commit;
  response.headers.emplace_back("X-Build-Commit", commit.empty() ? "unknown" : commit);
  response.headers.emplace_back("Cache-Control", "no-store");
  exchange->respond(std::move(response));
}

struct Check {
  std::string name;
  bool good = true;
  std::string detail;  // JSON members behind name and ok, each with its comma
};

std::vector<Check> loop_checks(const LoopContext& context) {
  std::vector<Check> checks;
  const std::int64_t now_ms =
      std::chrono::duration_cast<Milliseconds>(context.loop.clock().steady().time_since_epoch()).count();
  for (const LoopContext* there : context.shared.loops) {
    const std::int64_t silent = now_ms - there->loop.last_tick_ms();
    checks.push_back({"loop-" + std::to_string(there->loop.index()), silent < kStuckMs,
                      ",\"last_tick_ms_ago\":" + std::to_string(std::max<std::int64_t>(0, silent))});
  }
  return checks;
}

// A node is as well as the loop that sees it worst.
std::vector<Check> storage_checks(const Shared& shared) {
  std::vector<Check> checks;
  for (const LoopContext* there : shared.loops) {
    const LoopContext::Health health = there->health();
    for (const hub::NodeHealth& node : health.nodes) {
      Check check{"storage", node.up && !health.healing,
                  ",\"node\":" + json_string(node.name) + ",\"loop\":" + std::to_string(there->loop.index()) +
                      ",\"since\":" + json_string(rfc3339(node.since_ms)) +
                      ",\"probe_age_ms\":" + std::to_string(node.probe_age_ms)};
      const std::string why = !node.up         ? node.reason
                              : health.healing ? "filling open streams from the backlog"
                                               : "";
      if (!why.empty()) check.detail += ",\"reason\":" + json_string(why);
      checks.push_back(std::move(check));
    }
  }
  return checks;
}

bool all_good(const std::vector<Check>& checks) {
  return std::all_of(checks.begin(), checks.end(), [](const Check& check) { return check.good; });
}

wire::HttpResponse status_response(bool good, std::string_view status,
                                   const std::vector<Check>* checks = nullptr) {
  std::string body = "{\"status\":" + json_string(status);
  if (checks != nullptr) {
    body += ",\"checks\":[";
    for (const Check& check : *checks) {
      if (&check != checks->data()) body += ',';
      body += "{\"name\":" + json_string(check.name) + ",\"ok\":" + (check.good ? "true" : "false") +
              check.detail + '}';
    }
    body += ']';
  }
  wire::HttpResponse response = json_response(good ? 200 : 503, body + "}\n");
  if (!good) response.headers.emplace_back("Retry-After", "1");
  return response;
}

bool wants_details(const Exchange& exchange) {
  return exchange.request().query().find("verbose") != std::string_view::npos;
}

}  // namespace

void handle_livez(const ExchangePtr& exchange) {
  const std::vector<Check> checks = loop_checks(exchange->context());
  const bool good = all_good(checks);
  answer(exchange,
         status_response(good, good ? "ok" : "stuck", wants_details(*exchange) ? &checks : nullptr));
}

void handle_readyz(const ExchangePtr& exchange) {
  const LoopContext& context = exchange->context();
  std::vector<Check> checks = storage_checks(context.shared);
  for (Check& check : loop_checks(context)) checks.push_back(std::move(check));
  const bool draining = context.shared.draining.load(std::memory_order_relaxed);
  checks.push_back({"draining", !draining, {}});
  const bool good = all_good(checks);
  answer(exchange, status_response(good,
                                   good       ? "ok"
                                   : draining ? "draining"
                                              : "unhealthy",
                                   wants_details(*exchange) ? &checks : nullptr));
}

void handle_health(const ExchangePtr& exchange) {
  const bool good = all_good(storage_checks(exchange->context().shared));
  answer(exchange, status_response(good, good ? "ok" : "unhealthy"));
}

void handle_healthz(const ExchangePtr& exchange) {
  answer(exchange, status_response(true, "ok"));
}

void handle_version(const ExchangePtr& exchange) {
  answer(exchange, json_response(200, "{\"version\":" + json_string(kVersion) + ",\"commit\":" +
                                          json_string(exchange->context().shared.commit) + "}\n"));
}

void handle_metrics(const ExchangePtr& exchange) {
  wire::HttpResponse response;
  response.content_type = metrics::kContentType;
  const bool all_names = exchange->request().query().find("names=all") != std::string_view::npos;
  response.body = exchange->context().shared.exposition->render(all_names ? metrics::Names::kAll
                                                                          : metrics::Names::kClean);
  answer(exchange, std::move(response));
}

void handle_root(const ExchangePtr& exchange) {
  wire::HttpResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = "relayd " + std::string(kVersion) + "\n\n";
  for (const Route& route : routes()) {
    if (route.plane != Plane::kPublic || route.front_end != FrontEnd::kChannels) continue;
    std::string line = std::string(route.method) + ' ' + std::string(route.pattern);
    line.resize(std::max<std::size_t>(line.size() + 1, 34), ' ');
    response.body += line + std::string(route.summary) + '\n';
  }
  exchange->respond(std::move(response));
}

}  // namespace relay::frontend
