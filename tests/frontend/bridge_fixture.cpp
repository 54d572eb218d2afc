#include "frontend/bridge_fixture.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <functional>
#include <map>
#include <stdexcept>
#include <thread>

#include "frontend/bridge_state.hpp"
#include "frontend/http_session.hpp"
#include "net/listener.hpp"
#include "net/tls.hpp"
#include "server/make_storage.hpp"
#include "support/await.hpp"
#include "support/run_on.hpp"
#include "support/storage_under_test.hpp"

namespace relay::test {
namespace {

StorageUnderTest& the_storage() {
  static StorageUnderTest storage;
  return storage;
}

// Every server begins with nothing stored.
void use_storage(options::Options& options) {
  static int servers = 0;
  if (!the_storage().is_redis()) return;
  options.storage = "redis";
  options.redis.url = "redis://127.0.0.1:" + std::to_string(the_storage().redis().port());
  options.redis.prefix = "bridge-" + std::to_string(++servers);
}

}  // namespace
}  // namespace relay::test

namespace relay::testing {

Client::Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{kPatience.count(), 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("connect");
}

Client::Client(Client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      parser_(std::move(other.parser_)),
      events_(std::move(other.events_)),
      body_(std::move(other.body_)),
      parsed_(other.parsed_),
      ended_(other.ended_) {}

Client::~Client() {
  if (fd_ >= 0) ::close(fd_);
}

void Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) throw std::runtime_error("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Client::request(std::string_view method, std::string_view target, const Fields& fields,
                     std::string_view body, std::string_view version) {
  std::string out =
      std::string(method) + ' ' + std::string(target) + ' ' + std::string(version) + "\r\nHost: bridge\r\n";
  for (const auto& [name, value] : fields) out += name + ": " + value + "\r\n";
  if (!body.empty() || method == "POST") out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  send(out + "\r\n" + std::string(body));
}

std::string Client::read_some() {
  std::string bytes(64 * 1024, '\0');
  const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
  if (got < 0 && errno != ECONNRESET) throw std::runtime_error("nothing came in time");
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

void Client::read_more() {
  const std::string bytes = read_some();
  if (bytes.empty()) {
    ended_ = true;
    parser_.feed_end();
    return;
  }
  parser_.feed(bytes, body_);
  if (parser_.state() == wire::HttpResponseParser::State::kFailed) {
    throw std::runtime_error("bad answer: " + std::string(parser_.error_message()));
  }
}

Answer Client::answer() {
  while (parser_.state() == wire::HttpResponseParser::State::kNeedMore && !ended_) read_more();
  if (parser_.state() != wire::HttpResponseParser::State::kDone) throw std::runtime_error("no whole answer");
  Answer answer{parser_.status(), std::move(body_), parser_.headers()};
  body_.clear();
  parser_.reset();
  return answer;
}

Answer Client::head() {
  while (!parser_.head_complete()) {
    if (ended_) throw std::runtime_error("ended before its head");
    read_more();
  }
  return {parser_.status(), {}, parser_.headers()};
}

wire::SseEvent Client::event() {
  while (true) {
    std::string_view rest = std::string_view(body_).substr(parsed_);
    auto event = events_.next(rest);
    parsed_ = body_.size() - rest.size();
    if (event) return std::move(*event);
    if (ended_ || parser_.state() == wire::HttpResponseParser::State::kDone)
      throw std::runtime_error("stream ended");
    read_more();
  }
}

void Client::await(std::string_view text) {
  while (body_.find(text) == std::string::npos) {
    if (ended_) throw std::runtime_error("stream ended");
    read_more();
  }
}

void Client::await_end() {
  while (!ended_) {
    if (parser_.state() == wire::HttpResponseParser::State::kDone) {
      ended_ = read_some().empty();
    } else {
      read_more();
    }
  }
}

struct BridgeServer::Store {
  explicit Store(const options::Options& options) : prefix(options.redis.prefix) {
    backend = server::prepare_storage(options, clock).value();
  }
  // Messages that are kept.
  std::int64_t stored() const {
    if (backend.memory != nullptr) return backend.memory->totals().messages;
    std::int64_t count = 0;
    for (const std::string& log : test::the_storage().redis().list({"KEYS", prefix + ":log:*"})) {
      for (const std::string& member : test::the_storage().redis().list({"ZRANGE", log, "0", "-1"})) {
        count += member.starts_with('!') ? 0 : 1;  // what trimming left; storage/redis/keyspace.hpp
      }
    }
    return count;
  }

  ShiftedClock clock;
  const std::string prefix;
  server::StorageShared backend;
  frontend::Shared shared;
  std::atomic<bool> withhold{false};
  std::atomic<bool> fail_appends{false};
  std::atomic<bool> fail_reads{false};
};

namespace {

// For what has no event to wait for: counters that another thread changes.
void wait_until(const std::function<bool()>& condition) {
  if (!test::await(condition, kPatience, std::chrono::milliseconds(1)))
    throw std::runtime_error("did not happen in time");
}

Error unavailable() {
  return make_error(ErrorKind::kUnavailable, "down", "the store is down");
}

}  // namespace

struct BridgeServer::Loop {
  // A storage that answers late or not, as the test says.
  class Storage final : public hub::SoleStorage {
   public:
    Storage(BridgeServer::Store& store, frontend::LoopContext& context)
        : store_(store),
          store_within_(server::make_storage(context.settings->options, store.backend, context)),
          inner_(store_within_->partition(0)) {}
    void attach(std::uint32_t partition, hub::StorageEvents& events) override {
      store_within_->attach(partition, events);
    }
    void start() override { store_within_->start(); }
    void stop() override { store_within_->stop(); }
    void append(hub::AppendRequest&& request, hub::AppendDone done) override {
      if (store_.fail_appends) return done(unavailable());
      inner_.append(std::move(request), [this, done = std::move(done)](Result<hub::Appended> answer) {
        if (store_.withhold) {
          withheld_.emplace_back(std::move(answer), done);
        } else {
          done(std::move(answer));
        }
      });
    }
    void release() {
      const auto withheld = std::exchange(withheld_, {});
      for (const auto& [answer, done] : withheld) done(answer);
    }
    void read(std::vector<hub::ReadQuery> queries, hub::ReadDone done) override {
      if (store_.fail_reads) return done(unavailable());
      inner_.read(std::move(queries), std::move(done));
    }
    void watch(hub::ChannelName channel, hub::WatchDone done) override {
      inner_.watch(std::move(channel), std::move(done));
    }
    void unwatch(const hub::ChannelName& channel) override { inner_.unwatch(channel); }
    std::vector<hub::NodeHealth> health() const override { return store_within_->health(); }

   private:
    BridgeServer::Store& store_;
    const std::unique_ptr<hub::Store> store_within_;
    hub::Storage& inner_;
    std::deque<std::pair<Result<hub::Appended>, hub::AppendDone>> withheld_;
  };

  struct Tick final : net::TimerNode {
    explicit Tick(Loop& its_loop) : loop(its_loop) {}
    void on_timer() override {
      loop.context.hub.tick();
      loop.loop.wheel().schedule(*this, net::TimerWheel::kTick);
    }
    Loop& loop;
  };

  Loop(int index, Store& store, const std::shared_ptr<const frontend::Settings>& settings, net::Bound bound)
      : loop(index, store.clock), context(loop, metrics, store.shared, settings) {
    auto made = std::make_unique<Storage>(store, context);
    storage = made.get();
    context.storage = std::move(made);
    context.hub.attach(*context.storage);
    std::map<std::string, hub::ChannelOptions, std::less<>> by_namespace;
    const options::ChannelKeep& keep = settings->options.namespaces.at("bridge");
    by_namespace["bridge"] = {static_cast<std::uint32_t>(keep.max_count),
                              static_cast<std::uint64_t>(keep.max_bytes), keep.max_age, keep.ephemeral,
                              keep.presence};
    context.hub.configure(std::make_shared<hub::Namespaces>(hub::ChannelOptions{}, std::move(by_namespace)),
                          {});
    listener =
        std::make_unique<net::Listener>(loop, std::move(bound), [this](int fd, const net::IpAddress& peer) {
          auto* connection = new net::Connection(loop, metrics, connections, fd, peer, nullptr);
          if (connection->closing()) return;
          connection->become(
              std::make_unique<frontend::HttpSession>(*connection, context, frontend::Plane::kPublic));
        });
  }

  void start() {
    thread = std::thread([this] {
      loop.post([this] {
        storage->start();
        listener->start();
        loop.wheel().schedule(tick, net::TimerWheel::kTick);
      });
      loop.run();
    });
  }
  void stop() {
    loop.post([this] {
      net::TimerWheel::cancel(tick);
      listener->stop();
      storage->release();
      connections.close_all();
      loop.post([this] {
        storage->stop();
        loop.post([this] { loop.stop(); });
      });
    });
    thread.join();
  }
  // Runs `work` on the loop and waits for it.
  void run(const std::function<void()>& work) { test::run_on(loop, work); }

  metrics::LoopMetrics metrics;
  net::IoLoop loop;
  frontend::LoopContext context;
  Storage* storage = nullptr;
  net::ConnectionSet connections;
  std::unique_ptr<net::Listener> listener;
  Tick tick{*this};
  std::thread thread;
};

BridgeServer::BridgeServer(options::Options options, int loops) {
  test::use_storage(options);
  store_ = std::make_unique<Store>(options);
  store_->shared.instance_id = "test";
  store_->shared.bridge = std::make_shared<frontend::BridgeState>();
  auto settings = std::make_shared<frontend::Settings>();
  settings->options = std::move(options);
  for (const std::string& range : settings->options.proxy.trusted_ranges) {
    settings->trusted_proxies.push_back(net::IpRange::parse(range).value());
  }
  net::Endpoint endpoint{"127.0.0.1", 0, {}};
  for (int i = 0; i < loops; ++i) {
    net::Bound bound = net::open_listener(endpoint, true).value();
    endpoint.port = bound.endpoint.port;
    loops_.push_back(std::make_unique<Loop>(i, *store_, settings, std::move(bound)));
    store_->shared.loops.push_back(&loops_.back()->context);
  }
  for (const auto& loop : loops_) loop->start();
  for (const auto& loop : loops_) {
    wait_until([&] {
      bool up = false;
      loop->run([&] { up = loop->storage->health().front().up; });
      return up;
    });
  }
}

BridgeServer::~BridgeServer() {
  for (const auto& loop : loops_) loop->stop();
  store_->shared.bridge.reset();
}

std::uint16_t BridgeServer::port() const {
  return loops_.front()->listener->endpoint().port;
}

bool BridgeServer::keeps_time() const {
  return store_->backend.memory != nullptr;
}

void BridgeServer::pass(Milliseconds time) {
  if (keeps_time()) return store_->clock.advance(time);
  const auto until = std::chrono::steady_clock::now() + time;
  wait_until([&] { return std::chrono::steady_clock::now() >= until; });
}

void BridgeServer::withhold_answers() {
  store_->withhold = true;
}

void BridgeServer::release_answers() {
  store_->withhold = false;
  for (const auto& loop : loops_) loop->run([&] { loop->storage->release(); });
}

void BridgeServer::fail_appends(bool fail) {
  store_->fail_appends = fail;
}
void BridgeServer::fail_reads(bool fail) {
  store_->fail_reads = fail;
}

void BridgeServer::drain() {
  for (const auto& loop : loops_) {
    loop->run([&] {
      loop->connections.for_each([](net::Connection& connection) { connection.handler()->on_drain(); });
    });
  }
}

std::int64_t BridgeServer::total(metrics::Counter counter) const {
  std::int64_t sum = 0;
  for (const auto& loop : loops_) sum += loop->metrics.get(counter);
  return sum;
}

std::int64_t BridgeServer::total(metrics::Gauge gauge) const {
  std::int64_t sum = 0;
  for (const auto& loop : loops_) sum += loop->metrics.get(gauge);
  return sum;
}

void BridgeServer::await(metrics::Counter counter, std::int64_t value) const {
  wait_until([&] { return total(counter) == value; });
}

void BridgeServer::await(metrics::Gauge gauge, std::int64_t value) const {
  wait_until([&] { return total(gauge) == value; });
}

void BridgeServer::await_stored(std::int64_t messages) const {
  wait_until([&] { return store_->stored() == messages; });
}

void BridgeServer::settle() {
  for (int i = 0; i < 2; ++i) {
    for (const auto& loop : loops_) loop->run([] {});
  }
}

Answer BridgeServer::ask(std::string_view method, std::string_view target, const Fields& fields,
                         std::string_view body) const {
  Client client = connect();
  client.request(method, target, fields, body);
  return client.answer();
}

Client BridgeServer::stream(std::string_view parameters, const Fields& fields) const {
  Client client = connect();
  client.request("GET", "/bridge/events?" + std::string(parameters), fields);
  if (client.head().status != 200) throw std::runtime_error("the stream was refused");
  return client;
}

Answer BridgeServer::post(std::string_view from, std::string_view to, std::string_view ttl,
                          std::string_view body, const Fields& fields, std::string_view more) const {
  std::string target = "/bridge/message?client_id=";
  target.append(from).append("&to=").append(to).append("&ttl=").append(ttl).append(more);
  return ask("POST", target, fields, body);
}

std::string client_id(int number) {
  const std::string digits = std::to_string(number);
  return digits + std::string(64 - digits.size(), 'f');
}

}  // namespace relay::testing
