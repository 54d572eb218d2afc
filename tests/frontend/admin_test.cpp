// The admin interface over plain HTTP: who may ask, and what is answered to what makes no sense.
#include "support/relayd_process.hpp"

#include <signal.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "support/await.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"
#include "support/streams.hpp"

namespace {

using namespace relay::test;
using nlohmann::json;

// A relayd whose operator address has a token.
struct Fixture {
  explicit Fixture(Settings more = {}) : relayd(with_token(std::move(more))) {}
  Settings with_token(Settings settings) const {
    settings["operator.token_file"] = token_file();
    settings["instance.id"] = "edge-1";
    return settings;
  }
  std::string token_file() const {
    const std::string path = folder.write("token", "open-sesame\n");
    ::chmod(path.c_str(), 0600);
    return path;
  }
  HttpAnswer get(const std::string& target) const {
    return http_get(relayd.operator_port(), "/admin/v1/" + target, {{"Authorization", "Bearer open-sesame"}});
  }
  HttpAnswer post(const std::string& target, const std::string& body) const {
    return http_post(relayd.operator_port(), "/admin/v1/" + target, body,
                     {{"Authorization", "bearer  open-sesame"}});
  }
  static std::string code(const HttpAnswer& answer) { return json::parse(answer.body)["error"]["code"]; }

  ScratchFolder folder;
  RelaydProcess relayd;
};

TEST_CASE("without the token nothing is answered") {
  const Fixture fixture;
  const std::uint16_t port = fixture.relayd.operator_port();
  for (const HeaderList& headers :
       {HeaderList{}, HeaderList{{"Authorization", "Bearer open-barley"}},
        HeaderList{{"Authorization", "open-sesame"}}, HeaderList{{"Authorization", "Bearer open-sesame2"}},
        HeaderList{{"Authorization", "Bearer"}}}) {
    const HttpAnswer answer = http_get(port, "/admin/v1/status", headers);
    CHECK(answer.status == 401);
    CHECK(answer.header("WWW-Authenticate") == "Bearer");
  }
  CHECK(fixture.get("status").status == 200);
  // The rest of the operator address stays open, and the public one knows nothing of it.
  CHECK(http_get(port, "/livez").status == 200);
  CHECK(
      http_get(fixture.relayd.port(), "/admin/v1/status", {{"Authorization", "Bearer open-sesame"}}).status ==
      404);
}

TEST_CASE("without a token set it is off on the operator address") {
  const RelaydProcess relayd;
  const HttpAnswer answer =
      http_get(relayd.operator_port(), "/admin/v1/status", {{"Authorization", "Bearer "}});
  CHECK(answer.status == 403);
  CHECK(Fixture::code(answer) == "admin_off");
}

TEST_CASE("what makes no sense is refused with a reason") {
  const Fixture fixture;
  const auto bad = [&](const HttpAnswer& answer) {
    return answer.status == 400 ? Fixture::code(answer) : std::to_string(answer.status);
  };
  CHECK(bad(fixture.get("channels?limit=0")) == "bad_limit");
  CHECK(bad(fixture.get("channels?limit=1001")) == "bad_limit");
  CHECK(bad(fixture.get("channels/bad%20name")) == "bad_channel");
  CHECK(bad(fixture.get("channels/$all")) == "bad_channel");
  CHECK(bad(fixture.get("clients?after=x")) == "bad_after");
  CHECK(bad(fixture.get("clients?ip=10.0.0.0%2F99")) == "bad_range");
  CHECK(bad(fixture.get("clients/17")) == "bad_client");
  CHECK(fixture.get("clients/edge-2.0.1").status == 404);
  CHECK(fixture.get("clients/edge-1.99.1").status == 404);
  CHECK(bad(fixture.get("ping?path=moon")) == "bad_path");
  CHECK(bad(fixture.post("channels/news/kick", "[1]")) == "bad_body");
  CHECK(bad(fixture.post("channels/news/kick", "{\"reason\":7}")) == "bad_body");
  CHECK(bad(fixture.post("instances/edge-1/drain", "{\"spread_ms\":-1}")) == "bad_body");
  CHECK(bad(fixture.post("config/set", "{}")) == "bad_body");
  CHECK(bad(fixture.post("config/set", R"({"key":"nope","value":"1"})")) == "unknown_option");
  CHECK(bad(fixture.post("config/set", R"({"key":"sse.heartbeat","value":"1"})")) == "bad_value");
  CHECK(fixture.post("config/set", R"({"key":"loops","value":"1"})").status == 409);
  CHECK(bad(fixture.post("log", "{\"level\":\"loud\"}")) == "bad_level");
  CHECK(fixture.get("channels/news/kick").status == 405);
  CHECK(json::parse(fixture.get("status").body)["ready"] == true);
}

TEST_CASE("a long poll is listed, shown and ended like any other client") {
  const Fixture fixture(Settings{{"loops", "2"}});
  HttpClient poll(fixture.relayd.port());
  REQUIRE(poll.send(format_request("GET", "/v1/channels/news/messages?wait=25s")));
  json clients;
  REQUIRE(await([&] {
    clients = json::parse(fixture.get("clients?channel=news").body)["clients"];
    return clients.size() == 1;
  }));
  CHECK(clients[0]["transport"] == "longpoll");
  const std::string id = clients[0]["client"];
  const json shown = json::parse(fixture.get("clients/" + id).body);
  CHECK(shown["channel_names"] == json::array({"news"}));
  CHECK(shown["channels"] == 1);
  CHECK(json::parse(fixture.post("clients/" + id + "/kick", "{}").body)["kicked"] == 1);
  const auto answer = poll.read_answer();
  CHECK(answer.status == 200);
  CHECK(json::parse(answer.body)["messages"].empty());
  CHECK(fixture.get("clients/" + id).status == 404);
}

TEST_CASE("what is set of [channel] holds for the namespaces that do not say it themselves") {
  Fixture fixture(Settings{{"namespace.heir.max_count", "7"}});
  const auto of = [&](const std::string& channel) {
    return json::parse(fixture.get("channels/" + channel).body);
  };
  const auto set = [&](const std::string& key, const std::string& value) {
    return fixture.post("config/set", json{{"key", key}, {"value", value}}.dump()).status;
  };
  const json bridge = of("bridge:x")["max_age_ms"];
  CHECK(set("channel.max_age", "77s") == 200);
  CHECK(set("channel.max_count", "55") == 200);
  CHECK(await([&] { return of("plain")["max_count"] == 55 && of("heir:x")["max_age_ms"] == 77'000; }));
  CHECK(of("plain")["max_age_ms"] == 77'000);
  CHECK(of("heir:x")["max_count"] == 7);
  CHECK(of("bridge:x")["max_age_ms"] == bridge);
  CHECK(set("namespace.heir.max_age", "11s") == 200);
  CHECK(set("channel.max_age", "99s") == 200);
  CHECK(await([&] { return of("plain")["max_age_ms"] == 99'000; }));
  CHECK(of("heir:x")["max_age_ms"] == 11'000);
  fixture.relayd.process().signal(SIGHUP);
  REQUIRE(fixture.relayd.process().await_line("event=reload ", std::chrono::seconds(10)));
  CHECK(of("heir:x")["max_age_ms"] == 11'000);
  CHECK(of("plain")["max_age_ms"] == 99'000);
}

TEST_CASE("pages follow each other and leave nothing out") {
  const Fixture fixture;
  StreamSet streams;
  for (int i = 0; i < 7; ++i)
    streams.open(fixture.relayd.port(), Wire::kSse, "channel=c" + std::to_string(i));
  REQUIRE(streams.await_live());
  for (const std::string list : {"channels", "clients"}) {
    std::size_t entries = 0;
    std::size_t pages = 0;
    std::string after;
    do {
      const json page = json::parse(fixture.get(list + "?limit=3&after=" + after).body);
      entries += page[list].size();
      after = page["next"].is_null() ? "" : page["next"].get<std::string>();
      ++pages;
    } while (!after.empty() && pages < 10);
    CHECK(entries == 7);
    CHECK(pages == 3);
  }
}

}  // namespace
