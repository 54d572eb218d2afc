#include "server/server.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <future>
#include <map>

#include "base/exit_code.hpp"
#include "base/log.hpp"
#include "frontend/admin_state.hpp"
#include "frontend/bridge_state.hpp"
#include "frontend/instance_orders.hpp"
#include "server/limits.hpp"
#include "server/load_tls.hpp"
#include "server/notify.hpp"

namespace relay::server {
namespace {

constexpr Milliseconds kStatusEvery{5000};
constexpr std::int64_t kStuckMs = 5000;

log::Level level_of(const std::string& name) {
  if (name == "debug") return log::Level::kDebug;
  if (name == "warning") return log::Level::kWarning;
  return name == "error" ? log::Level::kError : log::Level::kInfo;
}

log::Format format_of(const std::string& name) {
  if (name == "text") return log::Format::kText;
  if (name == "logfmt") return log::Format::kLogfmt;
  if (name == "json") return log::Format::kJson;
  return name == "journal" ? log::Format::kJournal : log::Format::kAuto;
}

std::string configure_log(const options::Options& options, const std::string& instance) {
  return log::configure(
      {level_of(options.log.level), format_of(options.log.format), options.log.file, instance});
}

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2, wake_signal()})
    sigaddset(&set, signal);
  return set;
}

std::shared_ptr<const frontend::Settings> make_settings(const options::Options& options) {
  auto settings = std::make_shared<frontend::Settings>();
  settings->options = options;
  for (const std::string& range : options.proxy.trusted_ranges) {
    settings->trusted_proxies.push_back(net::IpRange::parse(range).value());  // load() has checked them
  }
  return settings;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::int64_t steady_ms() {
  return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// The admin socket serves root and its group only.
Result<net::Bound> open_admin(const std::string& path) {
  net::Endpoint endpoint;
  endpoint.unix_path = path;
  return net::open_listener(endpoint, false, 0660);
}

}  // namespace

Server::Server(options::Loaded loaded, std::function<options::LoadOutcome()> load_again,
               std::string_view commit)
    : config_(std::move(loaded), std::move(load_again),
              [this](const options::Options& fresh) { return apply(fresh); }),
      requests_(operator_actions()) {
  shared_.commit = commit;
}

Server::~Server() = default;

int Server::run() {
  const options::Options& options = config_.options();
  const Result<std::string> id = choose_instance_id();
  shared_.instance_id = id ? *id : made_up_instance_id();
  shared_.started_ms = system_clock().wall_ms();
  // Threads inherit the mask: signals reach the main thread alone.
  const sigset_t signals = handled_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  if (const std::string problem = configure_log(options, shared_.instance_id); !problem.empty()) {
    log::error("start.failed", problem);
    return exit_code::kConfig;
  }
  if (!id && id.error().code != "state_in_use") {
    log::error("start.failed", id.error().message);
    return exit_code::kConfig;
  }
  if (!id) log::warning("instance.id_made_up", id.error().message + ": this one goes by a name made up");
  if (const auto ready = prepare(); !ready) {
    log::error("start.failed", ready.error().message);
    log::flush();
    return ready.error().code == "cannot_listen" ? exit_code::kOsRefused : exit_code::kConfig;
  }
  for (const auto& worker : workers_) worker->start();
  announce();
  notify("READY=1");
  const int code = wait_for_signals();
  log::info("stopped", "relayd has stopped");
  log::flush();
  return code;
}

Result<std::string> Server::choose_instance_id() {
  const options::Options& options = config_.options();
  if (!options.instance.id.empty()) return options.instance.id;
  if (!options.state_directory.empty()) return instance_id_file_.open(options.state_directory);
  return made_up_instance_id();
}

Result<bool> Server::prepare() {
  const options::Options& options = config_.options();
  settings_ = make_settings(options);
  storage_name_ = options.storage;
  const auto tls = load_tls(options.tls);
  if (!tls) return tls.error();
  tls_ = *tls;
  auto storage = prepare_storage(options, system_clock());
  if (!storage) return storage.error();
  storage_ = std::move(*storage);
  shared_.bridge = std::make_shared<frontend::BridgeState>();
  shared_.admin = std::make_shared<frontend::AdminState>();
  shared_.operations = &requests_;
  request_series_ = std::make_unique<metrics::RequestSeries>();
  shared_.request_series = request_series_.get();
  const std::size_t files = raise_file_limit();
  const std::size_t capacity = options.http.max_connections > 0
                                   ? static_cast<std::size_t>(options.http.max_connections)
                                   : client_capacity(files);
  shared_.capacity = capacity;
  const int loops = options.loops > 0 ? static_cast<int>(options.loops)
                                      : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  for (int i = 0; i < loops; ++i) {
    workers_.push_back(std::make_unique<Worker>(i, shared_, settings_, storage_, capacity));
    workers_.back()->set_tls(tls_);
  }
  std::vector<const metrics::LoopMetrics*> counted;
  for (const auto& worker : workers_) {
    shared_.loops.push_back(&worker->context());
    counted.push_back(&worker->metrics());
  }
  shared_.orders = std::make_shared<frontend::InstanceOrders>(*shared_.loops.front());
  instance_ = std::make_unique<Instance>(shared_);
  instance_->attach(make_registry(options, storage_, *shared_.loops.front(), *instance_));
  for (const auto& worker : workers_) worker->set_instance(*instance_);
  exposition_ = std::make_unique<metrics::Exposition>(
      std::move(counted), std::vector<metrics::Sampler>{[this](metrics::SampleSet& out) { sample(out); }},
      request_series_.get());
  shared_.exposition = exposition_.get();
  log::info("capacity", "clients that fit", {{"clients", capacity}, {"files", files}, {"loops", loops}});
  note_certificate();
  return open_listeners();
}

Result<bool> Server::open_listeners() {
  const options::Options& options = config_.options();
  for (const std::string& text : options.listen) {
    auto endpoint = net::Endpoint::parse(text);
    if (!endpoint) return endpoint.error();
    // SO_REUSEPORT lets instances on one Redis share a port. With memory the other's clients would be spread
    // over two stores that know nothing of each other, and nobody would be told.
    if (options.storage == "memory" && endpoint->port != 0) {
      if (const auto alone = net::try_listener(*endpoint); !alone) return alone.error();
    }
    for (const auto& worker : workers_) {
      // One socket file serves one loop; a port is shared by all of them.
      if (!endpoint->unix_path.empty() && worker != workers_.front()) continue;
      auto bound = net::open_listener(*endpoint, true);
      if (!bound) return bound.error();
      endpoint->port = bound->endpoint.port;  // what port 0 became, for the other loops
      worker->listen(std::move(*bound), frontend::Plane::kPublic);
    }
    public_endpoints_.push_back(*endpoint);
  }
  if (!options.operator_port.listen.empty()) {
    const auto endpoint = net::Endpoint::parse(options.operator_port.listen);
    if (!endpoint) return endpoint.error();
    auto bound = net::open_listener(*endpoint, false);
    if (!bound) return bound.error();
    operator_endpoint_ = bound->endpoint.text();
    workers_.front()->listen(std::move(*bound), frontend::Plane::kOperator);
  }
  if (!options.admin.socket.empty()) {
    auto bound = open_admin(options.admin.socket);
    if (!bound) return bound.error();
    workers_.front()->listen(std::move(*bound), frontend::Plane::kAdmin);
  }
  return true;
}

// Any thread: reads what is immutable, atomic or locked.
void Server::sample(metrics::SampleSet& out) const {
  using metrics::Sample;
  const std::string version(frontend::kVersion);
  const bool draining = shared_.draining.load(std::memory_order_relaxed);
  out.set(Sample::kBuildInfo, 1,
          {{"version", version}, {"commit", std::string(shared_.commit)}, {"compiler", __VERSION__}});
  out.set(Sample::kBridgeInfo, 1, {{"engine", "relayd"}, {"version", version}, {"storage", storage_name_}});
  out.set(Sample::kStartTime, static_cast<double>(shared_.started_ms) / 1000);
  out.set(Sample::kDraining, draining ? 1 : 0);
  out.set(Sample::kConfigReloadSuccess, shared_.reload_failed.load(std::memory_order_relaxed) ? 0 : 1);
  if (const std::int64_t end_ms = certificate_end_ms_; end_ms != 0)
    out.set(Sample::kTlsCertificateEnd, static_cast<double>(end_ms) / 1000);
  // By node, the worst of what the loops see.
  std::map<std::string, hub::NodeHealth> nodes;
  for (const frontend::LoopContext* there : shared_.loops) {
    for (const hub::NodeHealth& node : there->health().nodes) {
      const auto [at, added] = nodes.try_emplace(node.name, node);
      at->second.up = at->second.up && node.up;
      at->second.probe_age_ms = std::max(at->second.probe_age_ms, node.probe_age_ms);
    }
  }
  bool healthy = true;
  for (const auto& [name, node] : nodes) {
    healthy = healthy && node.up;
    out.set(Sample::kStorageUp, node.up ? 1 : 0, {{"node", name}});
    out.set(Sample::kStorageProbeAge, static_cast<double>(node.probe_age_ms) / 1000, {{"node", name}});
  }
  out.set(Sample::kBridgeHealth, healthy ? 1 : 0);
  out.set(Sample::kBridgeReady, healthy && !draining ? 1 : 0);
  if (storage_.memory != nullptr) {
    const memory::MemoryStore::Totals totals = storage_.memory->totals();
    out.set(Sample::kBacklogMessages, static_cast<double>(totals.messages));
    out.set(Sample::kBacklogBytes, static_cast<double>(totals.bytes));
    out.set(Sample::kInboxBytes, static_cast<double>(totals.inboxes.bytes));
    out.set(Sample::kInboxOverflows, static_cast<double>(totals.inboxes.overflows));
  }
}

void Server::announce() const {
  for (const std::string& warning : config_.loaded().warnings) log::warning("config.warning", warning);
  if (!config_.loaded().without_effect.empty()) {
    log::info("config.without_effect", "set but without effect here",
              {{"names", joined(config_.loaded().without_effect)}});
  }
  for (const std::string& warning : frontend::bridge_warnings(config_.options()))
    log::warning("bridge.warning", warning);
  const std::string scheme = tls_ == nullptr ? "http://" : "https://";
  for (const net::Endpoint& endpoint : public_endpoints_) {
    log::info("listening", endpoint.unix_path.empty() ? scheme + endpoint.text() : endpoint.text());
  }
  if (!operator_endpoint_.empty()) {
    log::info("listening.operator", "http://" + operator_endpoint_, {{"paths", "/livez /readyz /metrics"}});
  }
  log::info("started",
            config_.options().storage == "memory"
                ? "relayd is up; memory storage: no persistence, one instance"
                : "relayd is up",
            {{"version", frontend::kVersion}, {"storage", config_.options().storage}});
}

int Server::wait_for_signals() {
  const sigset_t signals = handled_signals();
  const auto watchdog = watchdog_interval();
  const auto every = watchdog ? std::min<std::chrono::nanoseconds>(kStatusEvery, *watchdog) : kStatusEvery;
  const timespec timeout{static_cast<time_t>(every.count() / 1'000'000'000),
                         static_cast<long>(every.count() % 1'000'000'000)};
  while (true) {
    const int signal = sigtimedwait(&signals, nullptr, &timeout);
    switch (signal) {
      case SIGHUP:
        reload();
        break;
      case SIGUSR1:
        log::reopen();
        break;
      case SIGUSR2:
        dump_state();
        break;
      case SIGTERM:
      case SIGINT:
        drain_and_stop();
        return exit_code::kOk;
      case SIGQUIT:
        log::info("stopping", "SIGQUIT: stopping without drain");
        stop_workers();
        return exit_code::kOk;
      default:
        if (signal == wake_signal()) {
          requests_.run_pending();
          break;
        }
        report_status(false);
        if (watchdog && all_ticking()) notify("WATCHDOG=1");
    }
  }
}

bool Server::all_ticking() const {
  const std::int64_t now = steady_ms();
  for (const frontend::LoopContext* there : shared_.loops) {
    if (now - there->loop.last_tick_ms() < kStuckMs) continue;
    log::error("loop.stuck", "an event loop does not turn", {{"loop", there->loop.index()}});
    return false;
  }
  return true;
}

Result<options::Changes> Server::reload() {
  notify_reloading();
  const auto changes = config_.reload();
  shared_.reload_failed = !changes;
  if (changes) {
    log::info("reload", "configuration reloaded",
              {{"changed", joined(changes->applied)}, {"needs_restart", joined(changes->needs_restart)}});
  } else {
    log::error("reload.failed", "reload failed, nothing was changed", {{"why", changes.error().message}});
  }
  notify("READY=1");
  return changes;
}

void Server::note_certificate() {
  certificate_end_ms_ = tls_ == nullptr ? 0 : tls_->not_after_ms();
  log_certificate(tls_.get(), system_clock().wall_ms());
}

// All or nothing: a certificate that cannot be loaded leaves everything as it was.
Result<bool> Server::apply(const options::Options& fresh) {
  const auto tls = load_tls(fresh.tls);
  if (!tls) return tls.error();
  tls_ = *tls;
  settings_ = make_settings(fresh);
  shared_.admin->forget_log_level();
  configure_log(fresh, shared_.instance_id);
  note_certificate();
  for (const auto& worker : workers_) {
    Worker* there = worker.get();
    there->context().loop.post(
        [there, settings = settings_, tls_now = tls_] { there->apply(settings, tls_now); });
  }
  return true;
}

void Server::drain_by_operator(std::optional<Milliseconds> spread) {
  shared_.draining = spread.has_value();
  for (const auto& worker : workers_) {
    Worker* there = worker.get();
    there->context().loop.post([there, spread] { spread ? there->drain(*spread) : there->undrain(); });
  }
}

OperatorRequests::Actions Server::operator_actions() {
  return {.config =
              [this] {
                const options::Loaded& loaded = config_.loaded();
                return frontend::EffectiveConfig{loaded.options, loaded.origins, loaded.files};
              },
          .reload = [this] { return reload(); },
          .set_option = [this](const std::string& key,
                               const std::string& value) { return config_.set(key, value); },
          .drain = [this](std::optional<Milliseconds> spread) { drain_by_operator(spread); },
          .store_totals = [this]() -> std::optional<frontend::StoreTotals> {
            if (storage_.memory == nullptr) return {};
            const memory::MemoryStore::Totals totals = storage_.memory->totals();
            return frontend::StoreTotals{totals.messages, totals.bytes};
          }};
}

void Server::report_status(bool draining) const {
  std::int64_t sse = 0;
  std::int64_t websocket = 0;
  for (const auto& worker : workers_) {
    sse += worker->metrics().get(metrics::Gauge::kClientsSse);
    websocket += worker->metrics().get(metrics::Gauge::kClientsWebSocket);
  }
  notify("STATUS=" + std::string(draining ? "draining, " : "") + std::to_string(sse + websocket) +
         " clients (" + std::to_string(sse) + " sse, " + std::to_string(websocket) + " ws), storage " +
         config_.options().storage);
}

void Server::dump_state() const {
  for (const auto& worker : workers_) {
    const metrics::LoopMetrics& m = worker->metrics();
    log::info("state.loop", "state of an event loop",
              {{"loop", worker->context().loop.index()},
               {"connections", m.get(metrics::Gauge::kConnections)},
               {"sse", m.get(metrics::Gauge::kClientsSse)},
               {"websocket", m.get(metrics::Gauge::kClientsWebSocket)},
               {"channels", m.get(metrics::Gauge::kChannels)},
               {"published", m.get(metrics::Counter::kMessagesPublished)},
               {"delivered", m.get(metrics::Counter::kMessagesDelivered)},
               {"lag_us", worker->context().loop.lag_us()}});
    for (const hub::NodeHealth& node : worker->context().health().nodes) {
      log::info("state.storage", "state of a storage node",
                {{"loop", worker->context().loop.index()},
                 {"node", node.name},
                 {"up", node.up ? "yes" : "no"},
                 {"since", rfc3339(node.since_ms)}});
    }
  }
  log::flush();
}

// True if a signal asks to stop now.
bool Server::interrupted_within(Milliseconds time) {
  const sigset_t signals = handled_signals();
  const std::int64_t until = steady_ms() + time.count();
  for (std::int64_t left = time.count(); left > 0; left = until - steady_ms()) {
    const timespec timeout{left / 1000, static_cast<long>(left % 1000) * 1'000'000};
    const int signal = sigtimedwait(&signals, nullptr, &timeout);
    if (signal == SIGTERM || signal == SIGINT || signal == SIGQUIT) return true;
    if (signal == SIGUSR1) log::reopen();
    if (signal == SIGUSR2) dump_state();
    if (signal == wake_signal()) requests_.run_pending();
  }
  return false;
}

// Not ready → keep accepting (balancers notice) → stop accepting → end streams evenly → out, all within the
// timeout.
void Server::drain_and_stop() {
  const options::DrainOptions& drain = config_.options().drain;
  const std::int64_t deadline = steady_ms() + drain.timeout.count();
  shared_.draining = true;
  notify("STOPPING=1");
  report_status(true);
  log::info("draining", "not ready; still accepting",
            {{"delay_ms", drain.delay.count()},
             {"spread_ms", drain.spread.count()},
             {"timeout_ms", drain.timeout.count()}});
  bool now = interrupted_within(drain.delay);
  if (!now) {
    for (const auto& worker : workers_) {
      Worker* there = worker.get();
      there->context().loop.post([there, spread = drain.spread] {
        there->stop_accepting();
        there->drain(spread);
      });
    }
    constexpr Milliseconds kLook{50};
    const auto drained = [this] {
      return std::all_of(workers_.begin(), workers_.end(),
                         [](const auto& worker) { return worker->drained(); });
    };
    while (!now && !drained() && steady_ms() < deadline) now = interrupted_within(kLook);
  }
  if (now) log::info("stopping", "second signal: stopping now");
  stop_workers();
}

// Its entries leave the registry while the store still answers: others need not wait until it is found dead.
void Server::leave_registry() {
  constexpr Milliseconds kPatience{1'500};
  auto left = std::make_shared<std::promise<void>>();
  const std::future<void> done = left->get_future();
  shared_.loops.front()->loop.post([this, left] { instance_->retire([left] { left->set_value(); }); });
  if (done.wait_for(kPatience) != std::future_status::ready) {
    log::warning("instance.not_left",
                 "the registry did not take this instance out; others will, when it is silent for long");
  }
}

void Server::stop_workers() {
  leave_registry();
  for (const auto& worker : workers_) worker->stop();
  for (const auto& worker : workers_) worker->join();
}

}  // namespace relay::server
