// Sessions, hubs and a store of the test's making in this process: real loops and sockets, nothing of
// lib/server.
//
// Channels of the namespace "few" keep two messages. Test thread only; the loops run on threads of their own.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "frontend/bridge_state.hpp"
#include "frontend/http_session.hpp"
#include "net/listener.hpp"
#include "net/tls.hpp"

namespace relay::test {

class InProcessServer {
 public:
  using MakeStore = std::function<std::unique_ptr<hub::Store>(net::IoLoop&)>;

  // `make` is called on the test's thread, before the loops run.
  InProcessServer(int loops, options::Options options, const MakeStore& make) {
    shared_.instance_id = "test";
    shared_.bridge = std::make_shared<frontend::BridgeState>();
    auto settings = std::make_shared<frontend::Settings>();
    settings->options = std::move(options);
    for (int i = 0; i < loops; ++i) {
      loops_.push_back(std::make_unique<Loop>(i, shared_, settings, make));
      shared_.loops.push_back(&loops_.back()->context);
    }
    for (const auto& loop : loops_) loop->start();
  }
  ~InProcessServer() {
    for (const auto& loop : loops_) loop->stop();
    shared_.bridge.reset();
  }
  InProcessServer(const InProcessServer&) = delete;
  InProcessServer& operator=(const InProcessServer&) = delete;

  // Each loop listens on a port of its own.
  std::uint16_t port(std::size_t loop = 0) const { return loops_[loop]->listener->endpoint().port; }
  std::int64_t total(metrics::Counter counter) const {
    std::int64_t sum = 0;
    for (const auto& loop : loops_) sum += loop->metrics.get(counter);
    return sum;
  }

 private:
  struct Loop {
    Loop(int index, frontend::Shared& shared, std::shared_ptr<const frontend::Settings> settings,
         const MakeStore& make)
        : loop(index), context(loop, metrics, shared, std::move(settings)) {
      context.storage = make(loop);
      context.hub.attach(*context.storage);
      hub::ChannelOptions few;
      few.max_count = 2;
      std::map<std::string, hub::ChannelOptions, std::less<>> by_namespace{{"few", few}};
      context.hub.configure(std::make_shared<hub::Namespaces>(hub::ChannelOptions{}, std::move(by_namespace)),
                            {});
      listener = std::make_unique<net::Listener>(
          loop, net::open_listener({"127.0.0.1", 0, {}}, false).value(),
          [this](int fd, const net::IpAddress& peer) {
            auto* connection = new net::Connection(loop, metrics, connections, fd, peer, nullptr);
            if (connection->closing()) return;
            connection->become(
                std::make_unique<frontend::HttpSession>(*connection, context, frontend::Plane::kPublic));
          });
    }
    void start() {
      loop.post([this] { listener->start(); });
      thread = std::thread([this] { loop.run(); });
    }
    void stop() {
      loop.post([this] {
        listener->stop();
        connections.close_all();
        loop.post([this] { loop.stop(); });
      });
      thread.join();
    }

    metrics::LoopMetrics metrics;
    net::IoLoop loop;
    frontend::LoopContext context;
    net::ConnectionSet connections;
    std::unique_ptr<net::Listener> listener;
    std::thread thread;
  };

  frontend::Shared shared_;
  std::vector<std::unique_ptr<Loop>> loops_;
};

}  // namespace relay::test
