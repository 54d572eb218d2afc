#include "options/reload.hpp"

#include "options/table.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::options;

TEST_CASE("nothing changed, nothing to do") {
  const Changes changes = compare({}, {});
  CHECK(changes.applied.empty());
  CHECK(changes.needs_restart.empty());
}

TEST_CASE("changes are told apart by whether they wait for a restart") {
  Options fresh;
  fresh.log.level = "debug";
  fresh.listen = {":1"};
  fresh.bridge.bypass_tokens = {"t"};
  fresh.storage = "redis";
  const Changes changes = compare({}, fresh);
  CHECK(changes.applied == std::vector<std::string>{"log.level", "bridge.bypass_tokens"});
  CHECK(changes.needs_restart == std::vector<std::string>{"listen", "storage"});
  const Options now = reloaded({}, fresh);
  CHECK(now.log.level == "debug");
  CHECK(now.bridge.bypass_tokens == fresh.bridge.bypass_tokens);
  CHECK(now.listen == Options().listen);
  CHECK(now.storage == "memory");
}

TEST_CASE("namespaces come, change and go on reload") {
  Options running;
  running.namespaces["gone"].max_count = 7;
  Options fresh;
  fresh.namespaces["new"].ephemeral = true;
  fresh.namespaces["bridge"].max_count = 5;
  const Changes changes = compare(running, fresh);
  CHECK(changes.applied == std::vector<std::string>{"namespace.bridge.max_count", "namespace.gone.max_count",
                                                    "namespace.new.ephemeral"});
  CHECK(reloaded(running, fresh).namespaces == fresh.namespaces);
}

TEST_CASE("what must be changeable while running is, and listeners and storage are not") {
  for (const char* key : {"log.level", "bridge.rps_limit", "bridge.connections_limit", "bridge.cors",
                          "tls.key_file", "bridge.bypass_tokens", "cors.allowed_origins",
                          "tls.certificate_file", "channel.max_age", "drain.delay", "publish.max_bytes"}) {
    INFO(key);
    CHECK(find_key(key)->row->reload == Reload::kAtOnce);
  }
  for (const char* key : {"listen", "operator.listen", "admin.socket", "storage", "redis.url", "loops"}) {
    INFO(key);
    CHECK(find_key(key)->row->reload == Reload::kRestart);
  }
}

}  // namespace
