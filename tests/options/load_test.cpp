#include "options/load.hpp"

#include "load_fixture.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay;
using namespace relay::options;
using relay::test::LoadFixture;
using std::chrono::seconds;

TEST_CASE("with nothing at all the defaults run") {
  const LoadFixture fixture;
  const LoadOutcome outcome = fixture.load();
  CHECK(outcome.action == Action::kRun);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.errors.empty());
  CHECK(outcome.loaded.files.empty());
  CHECK(outcome.loaded.origins.empty());
  CHECK(outcome.loaded.options.listen == std::vector<std::string>{"127.0.0.1:8081"});
  CHECK(outcome.loaded.options.storage == "memory");
}

TEST_CASE("every type is read from TOML") {
  LoadFixture fixture;
  fixture.write("relayd.toml", R"(
listen = ["127.0.0.1:1", "[::1]:2"]
loops = 3
[log]
level = "debug"
[publish]
max_bytes = "32KiB"
max_batch_bytes = 2000000
timeout = "1500ms"
[channel]
ephemeral = true
[sse]
retry = 0
[cors]
allowed_origins = "https://one.example"
)");
  const LoadOutcome outcome = fixture.load();
  INFO(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
  const Options& options = outcome.loaded.options;
  CHECK(options.listen == List{"127.0.0.1:1", "[::1]:2"});
  CHECK(options.loops == 3);
  CHECK(options.log.level == "debug");
  CHECK(options.publish.max_bytes == 32768);
  CHECK(options.publish.max_batch_bytes == 2000000);
  CHECK(options.publish.timeout == Milliseconds(1500));
  CHECK(options.channel.ephemeral);
  CHECK(options.cors.allowed_origins == List{"https://one.example"});
}

TEST_CASE("later wins: file, drop-ins by name, environment, flags") {
  LoadFixture fixture;
  fixture.write("relayd.toml", "[log]\nlevel = \"debug\"\n");
  CHECK(fixture.load().loaded.options.log.level == "debug");
  CHECK(fixture.load().loaded.origins.at("log.level") == fixture.path("relayd.toml") + ":2");

  fixture.write("relayd.toml.d/20-b.toml", "log.level = \"error\"\n");
  fixture.write("relayd.toml.d/10-a.toml", "log.level = \"warning\"\n");
  fixture.write("relayd.toml.d/99-not.conf", "not TOML at all");
  const LoadOutcome with_drop_ins = fixture.load();
  CHECK(with_drop_ins.loaded.options.log.level == "error");
  CHECK(with_drop_ins.loaded.origins.at("log.level") == fixture.path("relayd.toml.d/20-b.toml") + ":1");
  CHECK(with_drop_ins.loaded.files.size() == 3);

  fixture.environment["LOG_LEVEL"] = "warn";
  CHECK(fixture.load().loaded.options.log.level == "warning");
  CHECK(fixture.load().loaded.origins.at("log.level") == "environment LOG_LEVEL");
  fixture.environment["RELAYD_LOG__LEVEL"] = "error";
  CHECK(fixture.load().loaded.origins.at("log.level") == "environment RELAYD_LOG__LEVEL");

  CHECK(fixture.load({"--set", "log.level=info"}).loaded.options.log.level == "info");
  const LoadOutcome with_flags = fixture.load({"--log-level=debug", "--set", "log.level=info"});
  CHECK(with_flags.loaded.options.log.level == "debug");
  CHECK(with_flags.loaded.origins.at("log.level") == "flag --log-level");
}

TEST_CASE("--config replaces the default file and brings its own drop-ins") {
  LoadFixture fixture;
  fixture.write("relayd.toml", "loops = 1\n");
  const std::string other = fixture.write("other.toml", "[sse]\nheartbeat = \"7s\"\n");
  fixture.write("other.toml.d/x.toml", "loops = 9\n");
  const LoadOutcome outcome = fixture.load({"--config", other});
  CHECK(outcome.loaded.options.loops == 9);
  CHECK(outcome.loaded.options.sse.heartbeat == seconds(7));
}

TEST_CASE("namespaces begin as [channel] and the bridge's as itself") {
  LoadFixture fixture;
  fixture.write("relayd.toml", R"(
[namespace.chat]
max_count = 5
[namespace."my.ns"]
ephemeral = true
[namespace.bridge]
max_age = "10m"
[channel]
max_count = 77
max_age = "1m"
)");
  fixture.environment["RELAYD_NAMESPACE__CHAT__PRESENCE"] = "false";
  const LoadOutcome outcome = fixture.load({"--set", "namespace.chat.max_bytes=2KiB"});
  INFO(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
  const auto& namespaces = outcome.loaded.options.namespaces;
  REQUIRE(namespaces.size() == 3);
  CHECK(namespaces.at("chat") == ChannelKeep{5, 2048, seconds(60), false, false});
  CHECK(namespaces.at("my.ns") == ChannelKeep{77, 64 * kMiB, seconds(60), true, true});
  CHECK(namespaces.at("bridge") == ChannelKeep{10'000, 64 * kMiB, seconds(600), false, false});
}

TEST_CASE("the bridge's variables mean what they mean to the Go bridge") {
  LoadFixture fixture;
  fixture.environment = {{"LOG_LEVEL", "TRACE"},
                         {"PORT", "9000"},
                         {"METRICS_PORT", "9104"},
                         {"STORAGE", "valkey"},
                         {"VALKEY_URI", "rediss://u:p@v:1?skip_verify=true&pool_size=5"},
                         {"HEARTBEAT_INTERVAL", "15"},
                         {"RPS_LIMIT", "20"},
                         {"CONNECTIONS_LIMIT", "60"},
                         {"MAX_BODY_SIZE", "1000000"},
                         {"SSE_MAX_LIFETIME", "3600"},
                         {"SSE_MAX_LIFETIME_JITTER", "60"},
                         {"RATE_LIMITS_BY_PASS_TOKEN", "one,two"},
                         {"CORS_ENABLE", "false"},
                         {"TRUSTED_PROXY_RANGES", "0.0.0.0/0,10.0.0.0/8"},
                         {"SELF_SIGNED_TLS", "true"},
                         {"CONNECT_CACHE_TTL", "100"},
                         {"WEBHOOK_URL", "https://a/x,https://b"},
                         {"COPY_TO_URL", "https://c/d"},
                         {"SHUTDOWN_DRAIN_DELAY", "15"},
                         {"SHUTDOWN_TIMEOUT", "10"},
                         {"INSTANCE_ID", "server-1"},
                         {"WS_HEARTBEAT_INTERVAL", "20000"},
                         {"WS_DEAD_INSTANCE_THRESHOLD", "60000"}};
  const LoadOutcome outcome = fixture.load();
  INFO(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
  const Options& options = outcome.loaded.options;
  CHECK(options.log.level == "debug");
  CHECK(options.listen == List{":9000"});
  CHECK(options.operator_port.listen == ":9104");
  CHECK(options.storage == "redis");
  CHECK(options.redis.url == "rediss://u:p@v:1?skip_verify=true&pool_size=5");
  CHECK(options.bridge.heartbeat == seconds(15));
  CHECK(options.bridge.rps_limit == 20);
  CHECK(options.bridge.connections_limit == 60);
  CHECK(options.bridge.max_body_bytes == 1'000'000);
  CHECK(options.bridge.max_lifetime == seconds(3600));
  CHECK(options.bridge.max_lifetime_jitter == seconds(60));
  CHECK(options.bridge.bypass_tokens == List{"one", "two"});
  CHECK_FALSE(options.bridge.cors);
  CHECK(options.proxy.trusted_ranges == List{"0.0.0.0/0", "10.0.0.0/8"});
  CHECK(options.tls.self_signed);
  CHECK(options.bridge.connect_cache_ttl == seconds(100));
  CHECK(options.bridge.webhook_urls == List{"https://a/x", "https://b"});
  CHECK(options.bridge.copy_to_url == "https://c/d");
  CHECK(options.drain.delay == seconds(15));
  CHECK(options.drain.timeout == seconds(25));
  CHECK(options.drain.spread == seconds(10));
  CHECK(options.instance.id == "server-1");
  CHECK(options.instance.heartbeat_interval == seconds(20));
  CHECK(options.instance.dead_after == seconds(60));
  CHECK(outcome.loaded.warnings == List{"VALKEY_URI: the parameter pool_size has no effect"});
}

TEST_CASE("variables without effect are named, empty ones and those of others are not") {
  LoadFixture fixture;
  fixture.environment = {{"NTP_ENABLED", "true"},
                         {"PPROF_ENABLED", "true"},
                         {"POSTGRES_URI", "postgres://"},
                         {"TON_ANALYTICS_ENABLED", "false"},
                         {"DISCONNECT_EVENTS_TTL", "3"},
                         {"CONNECT_CACHE_SIZE", "1"},
                         {"ENABLE_EXPIRED_CACHE", "true"},
                         {"PORT", ""},
                         {"HOME", "/root"}};
  const LoadOutcome outcome = fixture.load();
  REQUIRE(outcome.exit_code == 0);
  CHECK(outcome.loaded.without_effect == List{"CONNECT_CACHE_SIZE", "DISCONNECT_EVENTS_TTL",
                                              "ENABLE_EXPIRED_CACHE", "NTP_ENABLED", "POSTGRES_URI",
                                              "PPROF_ENABLED", "TON_ANALYTICS_ENABLED"});
  CHECK(outcome.loaded.origins.empty());
}

TEST_CASE("REDIS_URL and --redis-url choose Redis unless storage is said otherwise") {
  LoadFixture fixture;
  fixture.environment["REDIS_URL"] = "redis://localhost:6379";
  CHECK(fixture.load().loaded.options.storage == "redis");
  CHECK(fixture.load().loaded.origins.at("storage") == "environment REDIS_URL");
  CHECK(fixture.load({"--storage", "memory"}).loaded.options.storage == "memory");
  fixture.environment.clear();
  CHECK(fixture.load({"--redis-url=redis://h"}).loaded.options.storage == "redis");
  fixture.write("relayd.toml", "redis.url = \"redis://h\"\n");
  const LoadOutcome from_file = fixture.load();
  CHECK(from_file.loaded.options.storage == "memory");
  CHECK(from_file.loaded.warnings.size() == 1);
}

TEST_CASE("the admin socket stands in the runtime directory unless it is said otherwise") {
  LoadFixture fixture;
  CHECK(fixture.load().loaded.options.admin.socket.empty());
  fixture.environment["RUNTIME_DIRECTORY"] = "/run/relayd:/run/other";
  CHECK(fixture.load().loaded.options.admin.socket == "/run/relayd/relayd.sock");
  CHECK(fixture.load({"--admin-socket", "/tmp/a.sock"}).loaded.options.admin.socket == "/tmp/a.sock");
  CHECK(fixture.load({"--admin-socket="}).loaded.options.admin.socket.empty());
}

TEST_CASE("drain times that were not given make room for those that were") {
  LoadFixture fixture;
  const LoadOutcome longer = fixture.load({"--set", "drain.delay=60s"});
  CHECK(longer.loaded.options.drain.timeout == seconds(85));
  const LoadOutcome shorter = fixture.load({"--set", "drain.timeout=8s"});
  CHECK(shorter.loaded.options.drain.spread == seconds(3));
}

TEST_CASE("a secret is read from its file") {
  LoadFixture fixture;
  const std::string file = fixture.write("pw", "s3cret\n", 0600);
  const LoadOutcome outcome = fixture.load({"--set", "redis.password_file=" + file});
  INFO(outcome.errors);
  CHECK(outcome.loaded.options.redis.password == "s3cret");
  CHECK(outcome.loaded.warnings.empty());

  fixture.write("creds/tokens", "one\ntwo\n", 0400);
  fixture.environment["CREDENTIALS_DIRECTORY"] = fixture.path("creds");
  fixture.environment["RELAYD_BRIDGE__BYPASS_TOKENS_FILE"] = "tokens";
  CHECK(fixture.load().loaded.options.bridge.bypass_tokens == List{"one", "two"});
}

TEST_CASE("a password on the command line is taken with a warning") {
  const LoadFixture fixture;
  CHECK(fixture.load({"--redis-url", "redis://:pw@h"}).loaded.warnings.size() == 1);
  CHECK(fixture.load({"--redis-url", "redis://h"}).loaded.warnings.empty());
  const LoadOutcome outcome = fixture.load({"--set", "redis.password=pw"});
  REQUIRE(outcome.loaded.warnings.size() == 1);
  CHECK(outcome.loaded.warnings[0].find("pw") == std::string::npos);
}

TEST_CASE("flags choose what to do") {
  const LoadFixture fixture;
  CHECK(fixture.load({"--check"}).action == Action::kCheck);
  CHECK(fixture.load({"--check=full"}).action == Action::kCheckFull);
  CHECK(fixture.load({"--print-config"}).action == Action::kPrintConfig);
  CHECK(fixture.load({"--print-config=origin"}).action == Action::kPrintConfigOrigin);
  CHECK(fixture.load({"--print-default-config"}).action == Action::kPrintDefaultConfig);
  CHECK(fixture.load({"--version"}).output == "relayd 0.1.0\n");
  CHECK(fixture.load({"-h"}).output == help_text());
  CHECK(fixture.load({"--help", "--version"}).action == Action::kHelp);
}

TEST_CASE("--listen may be repeated and replaces the whole list") {
  LoadFixture fixture;
  fixture.write("relayd.toml", "listen = [\"127.0.0.1:5\"]\n");
  const LoadOutcome outcome = fixture.load({"--listen", "127.0.0.1:1", "--listen=127.0.0.1:2,127.0.0.1:3"});
  INFO(outcome.errors);
  CHECK(outcome.loaded.options.listen == List{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"});
}

TEST_CASE("help fits one screen and names every flag") {
  const std::string help = help_text();
  std::size_t lines = 0;
  std::size_t width = 0;
  for (std::size_t begin = 0; begin < help.size();) {
    const std::size_t end = help.find('\n', begin);
    width = std::max(width, end - begin);
    begin = end + 1;
    ++lines;
  }
  CHECK(lines <= 30);
  CHECK(width <= 80);
  for (const Flag& flag : flags()) CHECK(help.find(flag.name) != std::string::npos);
}

}  // namespace
