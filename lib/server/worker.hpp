// One event loop with everything on it: storage, hub, listeners, connections. Made on the main thread before
// the loop runs; everything after that happens on the loop.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "frontend/bus_listener.hpp"
#include "frontend/context.hpp"
#include "frontend/http_session.hpp"
#include "net/connection.hpp"
#include "net/listener.hpp"
#include "net/tls.hpp"
#include "server/drain.hpp"
#include "server/instance.hpp"
#include "server/make_storage.hpp"

namespace relay::server {

class Worker {
 public:
  Worker(int index, frontend::Shared& shared, std::shared_ptr<const frontend::Settings> settings,
         const StorageShared& storage, std::size_t capacity);
  ~Worker();  // REQUIRES: joined
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  frontend::LoopContext& context() { return context_; }
  metrics::LoopMetrics& metrics() { return metrics_; }

  // Before start().
  void listen(net::Bound bound, frontend::Plane plane);
  void set_instance(Instance& instance) { instance_ = &instance; }
  void set_tls(std::shared_ptr<const net::TlsContext> tls) { tls_ = std::move(tls); }

  void start();  // runs the loop on a thread of its own
  void stop();   // ends every connection and the loop; any thread
  void join();

  // On the loop's thread.
  void apply(std::shared_ptr<const frontend::Settings> settings, std::shared_ptr<const net::TlsContext> tls);
  void stop_accepting();
  void drain(Milliseconds spread);
  void undrain() { drain_.reset(); }
  // Any thread: whether drain() has ended every public connection.
  bool drained() const { return drained_.load(std::memory_order_relaxed); }

 private:
  void accept(int fd, const net::IpAddress& peer, frontend::Plane plane);
  bool full() const;
  void on_tick();
  void count_queued_bytes();
  void on_second();
  void schedule_tick();
  void tell_refused_ring() const;

  struct Tick;  // the worker's own place in the wheel

  frontend::Shared& shared_;
  metrics::LoopMetrics metrics_;
  net::IoLoop loop_;
  frontend::LoopContext context_;
  StorageShared storage_shared_;
  std::size_t capacity_;
  std::shared_ptr<const net::TlsContext> tls_;
  net::ConnectionSet public_;
  net::ConnectionSet operators_;
  std::unique_ptr<frontend::BusListener> bus_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  std::unique_ptr<Tick> tick_;
  Instance* instance_ = nullptr;  // the server's
  std::uint32_t ticks_ = 0;
  int ring_error_ = 0;  // as told; of a ring that fails later each loop tells for itself
  std::unique_ptr<Drain> drain_;
  std::atomic<bool> drained_{false};
  std::thread thread_;
};

}  // namespace relay::server
