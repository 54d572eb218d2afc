// An echo server built from the very WebSocket session of relayd, so that outside conformance suites
// (Autobahn) can be pointed at it:  ws_echo_server [PORT]  prints "listening 127.0.0.1:PORT" and sends every
// message back.
#include <signal.h>

#include <cstdio>
#include <cstdlib>

#include "frontend/ws_session.hpp"
#include "net/listener.hpp"
#include "net/tls.hpp"
#include "storage/memory/memory_storage.hpp"
#include "wire/ws_handshake.hpp"

namespace {

using namespace relay;

constexpr std::int64_t kMaxMessage = 16 * options::kMiB;

void echo(frontend::WsSession& session, const wire::WsEvent& message) {
  session.send(message.kind == wire::WsEvent::Kind::kText ? wire::WsOpcode::kText : wire::WsOpcode::kBinary,
               message.payload);
}

// One handshake on any path, then the session takes the connection over.
class Greeter final : public net::ConnectionHandler {
 public:
  Greeter(net::Connection& connection, frontend::LoopContext& context)
      : connection_(connection), context_(context), parser_(wire::HttpLimits{}) {}

  void on_data(std::string_view bytes) override {
    bytes.remove_prefix(parser_.feed(bytes));
    if (parser_.state() == wire::HttpRequestParser::State::kNeedMore) return;
    if (parser_.state() == wire::HttpRequestParser::State::kFailed) return connection_.close();
    const wire::HttpRequest request = parser_.take_request();
    if (wire::check_handshake(request) != wire::WsHandshake::kOk) return connection_.close();
    std::string head;
    wire::append_handshake_response(head, *request.header("Sec-WebSocket-Key"));
    auto session = std::make_unique<frontend::WsSession>(
        connection_, context_, frontend::WsSession::Format::kRaw, std::move(head), echo);
    frontend::WsSession& socket = *session;
    connection_.become(std::move(session));  // this stays until the end of the turn
    socket.start({});
    if (!bytes.empty()) socket.on_data(bytes);
  }

 private:
  net::Connection& connection_;
  frontend::LoopContext& context_;
  wire::HttpRequestParser parser_;
};

net::IoLoop* running = nullptr;

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  net::IoLoop loop(0);
  metrics::LoopMetrics metrics;
  frontend::Shared shared;
  shared.instance_id = "echo";
  auto settings = std::make_shared<frontend::Settings>();
  settings->options.websocket.max_message_bytes = kMaxMessage;
  settings->options.client.max_queue_bytes = 4 * kMaxMessage;
  frontend::LoopContext context(loop, metrics, shared, settings);
  context.storage =
      std::make_unique<memory::MemoryStorage>(loop, std::make_shared<memory::MemoryStore>(system_clock()));
  context.hub.attach(*context.storage);
  shared.loops = {&context};
  net::ConnectionSet connections;
  auto bound = net::open_listener(
      {"127.0.0.1", static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0), {}}, false);
  if (!bound) {
    std::fprintf(stderr, "%s\n", bound.error().message.c_str());
    return 71;
  }
  net::Listener listener(loop, std::move(*bound), [&](int fd, const net::IpAddress& peer) {
    auto* connection = new net::Connection(loop, metrics, connections, fd, peer, nullptr);
    if (!connection->closing()) connection->become(std::make_unique<Greeter>(*connection, context));
  });
  listener.start();
  running = &loop;
  for (const int number : {SIGTERM, SIGINT}) ::signal(number, [](int) { running->stop(); });
  std::printf("listening %s\n", listener.endpoint().text().c_str());
  std::fflush(stdout);
  loop.run();
  connections.close_all();
  return 0;
}
