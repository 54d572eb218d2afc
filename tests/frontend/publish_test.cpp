#include "frontend/publish.hpp"

#include <memory>

#include "frontend/in_process_server.hpp"
#include "storage/memory/memory_storage.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"
#include "support/streams.hpp"

namespace relay::test {
namespace {

// Takes no message: `kind` says why.
class RefusingStore final : public hub::SoleStorage {
 public:
  RefusingStore(net::IoLoop& loop, ErrorKind kind)
      : inner_(loop, std::make_shared<memory::MemoryStore>(system_clock())), kind_(kind) {}
  void attach(std::uint32_t partition, hub::StorageEvents& events) override {
    inner_.attach(partition, events);
  }
  void append(hub::AppendRequest&&, hub::AppendDone done) override {
    done(make_error(kind_, "store", "not now"));
  }
  void read(std::vector<hub::ReadQuery> queries, hub::ReadDone done) override {
    inner_.read(std::move(queries), std::move(done));
  }
  void watch(hub::ChannelName channel, hub::WatchDone done) override {
    inner_.watch(std::move(channel), std::move(done));
  }
  void unwatch(const hub::ChannelName& channel) override { inner_.unwatch(channel); }
  std::vector<hub::NodeHealth> health() const override { return inner_.health(); }

 private:
  memory::MemoryStorage inner_;
  ErrorKind kind_;
};

struct Scene {
  explicit Scene(const char* when_store_is_down, ErrorKind kind = ErrorKind::kUnavailable)
      : server(2, options_of(when_store_is_down),
               [kind](net::IoLoop& loop) { return std::make_unique<RefusingStore>(loop, kind); }) {
    here = &set.open(server.port(0), Wire::kSseJson, "channel=news");
    there = &set.open(server.port(1), Wire::kWsJson, "channel=news&channel=other");
    REQUIRE(set.await_live());
  }
  static options::Options options_of(const char* when_store_is_down) {
    options::Options options;
    options.when_store_is_down = when_store_is_down;
    return options;
  }
  HttpAnswer publish(const char* data) {
    return http_post(server.port(0), "/v1/channels/news/messages", data);
  }

  InProcessServer server;
  StreamSet set;
  Stream* here;
  Stream* there;
};

}  // namespace

TEST_CASE(
    "The store away, and local: every loop's subscribers get it without an id, and the answer says so") {
  Scene scene("local");
  const HttpAnswer answer = scene.publish("hello");
  CHECK(answer.status == 202);
  CHECK(answer.body == "{\"channel\":\"news\",\"scope\":\"local\"}\n");
  REQUIRE(scene.set.run_until([&] {
    return scene.here->count(Item::Kind::kMessage) + scene.there->count(Item::Kind::kMessage) == 2;
  }));
  for (const Stream* stream : {scene.here, scene.there}) {
    CHECK(stream->items().back().data == "hello");
    CHECK(stream->items().back().id == 0);
  }
  CHECK(scene.here->last_event_id().empty());
  CHECK(scene.server.total(metrics::Counter::kPublishedLocally) == 1);
  CHECK(scene.server.total(metrics::Counter::kPublishFailedUnavailable) == 0);
  CHECK(http_get(scene.server.port(0), "/v1/channels/news/messages?after=0").body.find("hello") ==
        std::string::npos);
}

TEST_CASE("Local: a batch and a WebSocket are told the scope") {
  Scene scene("local");
  const HttpAnswer batch =
      http_post(scene.server.port(0), "/v1/messages",
                "{\"channel\":\"news\",\"data\":1}\n{\"channel\":\"bad name\",\"data\":2}\n");
  CHECK(batch.status == 200);
  CHECK(batch.body.substr(0, batch.body.find('\n')) == "{\"scope\":\"local\"}");
  CHECK(batch.body.find("bad_channel") != std::string::npos);
  scene.there->send_text(R"({"type":"publish","channel":"news","data":"over","ref":7})");
  REQUIRE(scene.set.run_until(
      [&] { return scene.there->find("ack") != nullptr && scene.here->count(Item::Kind::kMessage) == 2; }));
  CHECK(scene.there->find("ack")->data == R"({"type":"ack","ref":7,"scope":"local"})");
}

TEST_CASE("Reject is the default: 503, and nobody gets it") {
  CHECK(options::Options{}.when_store_is_down == "reject");
  Scene scene("reject");
  CHECK(scene.publish("hello").status == 503);
  CHECK(scene.server.total(metrics::Counter::kPublishFailedUnavailable) == 1);
  CHECK(scene.server.total(metrics::Counter::kPublishedLocally) == 0);
  CHECK(scene.server.total(metrics::Counter::kMessagesDelivered) == 0);
}

TEST_CASE("Local: what may have been stored is not delivered beside the store, and what is bad stays bad") {
  Scene unknown("local", ErrorKind::kUnknown);
  CHECK(unknown.publish("hello").status == 504);
  CHECK(unknown.server.total(metrics::Counter::kMessagesDelivered) == 0);
  Scene away("local");
  CHECK(http_post(away.server.port(0), "/v1/channels/news/messages", "\xff").status == 415);
  CHECK(away.server.total(metrics::Counter::kPublishedLocally) == 0);
}

}  // namespace relay::test
