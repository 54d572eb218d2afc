#include "server/worker.hpp"

#include "frontend/admin_state.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "base/log.hpp"
#include "frontend/hub_limits.hpp"
#include "hub/namespaces.hpp"
#include "server/crash_report.hpp"

namespace relay::server {
namespace {

// A peer that takes nothing for so long is dropped by the kernel, whatever the process does.
void set_write_timeout(int fd, Milliseconds timeout) {
  const auto value = static_cast<unsigned>(timeout.count());
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, sizeof value);
}

std::shared_ptr<const hub::Namespaces> make_namespaces(const options::Options& options) {
  return std::make_shared<hub::Namespaces>(hub::namespaces_of(options));
}

void refuse(int fd) {
  static constexpr char kAnswer[] =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: "
      "76\r\nRetry-After: 5\r\n"
      "Connection: close\r\n\r\n"
      "{\"error\":{\"code\":\"full\",\"message\":\"this instance takes no more connections\"}}\n";
  [[maybe_unused]] const auto sent = ::send(fd, kAnswer, sizeof kAnswer - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(fd, SHUT_WR);
  ::close(fd);
}

}  // namespace

struct Worker::Tick final : net::TimerNode {
  explicit Tick(Worker& its_worker) : worker(its_worker) {}
  void on_timer() override { worker.on_tick(); }
  Worker& worker;
};

Worker::Worker(int index, frontend::Shared& shared, std::shared_ptr<const frontend::Settings> settings,
               const StorageShared& storage, std::size_t capacity)
    : shared_(shared),
      loop_(index),
      context_(loop_, metrics_, shared, std::move(settings)),
      storage_shared_(storage),
      capacity_(capacity),
      tick_(std::make_unique<Tick>(*this)) {
  context_.connections = &public_;
  context_.storage = make_storage(context_.settings->options, storage, context_);
  context_.hub.attach(*context_.storage);
  context_.hub.configure(make_namespaces(context_.settings->options),
                         frontend::hub_limits(context_.settings->options));
  loop_.set_flush_interval(context_.settings->options.client.flush_interval);
  loop_.use_send_ring(context_.settings->options.io_uring);
  bus_ = std::make_unique<frontend::BusListener>(context_);
  context_.copy_health();
}

Worker::~Worker() = default;

void Worker::listen(net::Bound bound, frontend::Plane plane) {
  listeners_.push_back(std::make_unique<net::Listener>(
      loop_, std::move(bound),
      [this, plane](int fd, const net::IpAddress& peer) { accept(fd, peer, plane); }));
}

void Worker::start() {
  thread_ = std::thread([this] {
    const CrashStack stack;
    loop_.post([this] {
      context_.storage->start();
      bus_->start();
      if (loop_.index() == 0) instance_->start();
      if (loop_.index() == 0) tell_refused_ring();
      ring_error_ = loop_.send_ring_error();
      for (const auto& listener : listeners_) listener->start();
      schedule_tick();
    });
    loop_.run();
  });
}

// At the start one loop says it for all: what the kernel lets one have it lets all have.
void Worker::tell_refused_ring() const {
  if (const int error = loop_.send_ring_error(); error != 0)
    log::info("io_uring.refused", "each client is written to by itself", {{"why", std::strerror(error)}});
}

// Sessions go before the hub and the storage they speak to; the end of the turn destroys what is closed here.
void Worker::stop() {
  loop_.post([this] {
    stop_accepting();
    public_.close_all();
    operators_.close_all();
    drain_.reset();
    net::TimerWheel::cancel(*tick_);
    loop_.post([this] {
      bus_.reset();
      context_.storage->stop();
      loop_.post([this] { loop_.stop(); });
    });
  });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::apply(std::shared_ptr<const frontend::Settings> settings,
                   std::shared_ptr<const net::TlsContext> tls) {
  context_.hub.configure(make_namespaces(settings->options), frontend::hub_limits(settings->options));
  loop_.set_flush_interval(settings->options.client.flush_interval);
  context_.settings = std::move(settings);
  tls_ = std::move(tls);
}

void Worker::stop_accepting() {
  for (const auto& listener : listeners_) listener->stop();
}

void Worker::drain(Milliseconds spread) {
  drain_ = std::make_unique<Drain>(loop_, public_, spread);
  drained_ = public_.size() == 0;
}

bool Worker::full() const {
  std::int64_t open = 0;
  for (const frontend::LoopContext* there : shared_.loops)
    open += there->metrics.get(metrics::Gauge::kConnections);
  return static_cast<std::size_t>(open) >= capacity_;
}

void Worker::accept(int fd, const net::IpAddress& peer, frontend::Plane plane) {
  const bool is_public = plane == frontend::Plane::kPublic;
  metrics_.add(metrics::Counter::kConnectionsAccepted);
  if (is_public && full()) {
    metrics_.add(metrics::Counter::kConnectionsRefusedLimit);
    return refuse(fd);
  }
  set_write_timeout(fd, context_.settings->options.client.write_timeout);
  auto* connection = new net::Connection(loop_, metrics_, is_public ? public_ : operators_, fd, peer,
                                         is_public && tls_ != nullptr ? tls_->accept(fd) : nullptr);
  if (connection->closing()) return;
  connection->become(std::make_unique<frontend::HttpSession>(*connection, context_, plane));
}

void Worker::schedule_tick() {
  loop_.wheel().schedule(*tick_, net::TimerWheel::kTick);
}

// Once a second: one look at every connection of the loop.
void Worker::count_queued_bytes() {
  std::size_t bytes = 0;
  public_.for_each([&](net::Connection& connection) { bytes += connection.queued_bytes(); });
  metrics_.set(metrics::Gauge::kClientSendQueueBytes, static_cast<std::int64_t>(bytes));
}

void Worker::on_second() {
  count_queued_bytes();
  if (std::exchange(ring_error_, loop_.send_ring_error()) == 0 && ring_error_ != 0) tell_refused_ring();
  if (loop_.index() == 0) shared_.admin->sample(shared_, loop_.now_ms());
}

void Worker::on_tick() {
  schedule_tick();
  metrics_.set(metrics::Gauge::kEventLoopLagMicros, loop_.lag_us());
  context_.hub.tick();
  bus_->tick();
  context_.copy_health();
  instance_->collect(context_);
  if (loop_.index() == 0) instance_->tick();
  if (drain_ != nullptr) drained_ = public_.size() == 0;
  if (++ticks_ % 10 == 0) on_second();
  if (loop_.index() == 0 && storage_shared_.memory != nullptr) {
    storage_shared_.memory->sweep();
    const std::int64_t expired = storage_shared_.memory->totals().expired_on_bridge;
    metrics_.add(metrics::Counter::kBridgeExpired, expired - metrics_.get(metrics::Counter::kBridgeExpired));
  }
}

}  // namespace relay::server
