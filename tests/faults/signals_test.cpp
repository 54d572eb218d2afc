// What signals do: TERM drains, a second one ends it at once, HUP reloads, USR1 reopens the log, USR2 tells
// the state, QUIT stops; and the exit codes of a relayd that cannot start.
#include <signal.h>

#include <ctime>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/relayd_process.hpp"
#include "support/streams.hpp"

using namespace relay::test;
using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

constexpr std::chrono::seconds kLimit{10};

int post(const RelaydProcess& relayd, std::string_view body = "x") {
  return http_post(relayd.port(), "/v1/channels/a/messages", body).status;
}

int exit_code_of(const Settings& settings, const std::vector<std::string>& arguments,
                 std::string* output = nullptr) {
  ChildProcess process(relayd_command(settings, arguments));
  const int code = process.wait(kLimit).value_or(-1);
  process.await_line("\x01", kLimit);  // never there: until the output has ended
  if (output != nullptr) *output = process.output();
  return code;
}

}  // namespace

TEST_CASE("TERM: not ready at once, still accepting, then everybody is sent away evenly, and exit 0") {
  RelaydProcess relayd({{"drain.delay", "1s"}, {"drain.spread", "1s"}, {"drain.timeout", "6s"}});
  StreamSet clients;
  for (int i = 0; i < 40; ++i)
    clients.open(relayd.port(), i % 2 == 0 ? Wire::kSse : Wire::kWsJson, "channel=a");
  REQUIRE(clients.await_live());
  const auto began = Clock::now();
  relayd.process().signal(SIGTERM);
  REQUIRE(clients.run_until([&] { return http_get(relayd.operator_port(), "/readyz").status == 503; },
                            milliseconds(500)));
  CHECK(http_get(relayd.operator_port(), "/livez").status == 200);
  CHECK(post(relayd) == 201);  // within the delay
  clients.open(relayd.port(), Wire::kSse, "channel=a");
  REQUIRE(clients.await_live());
  REQUIRE(clients.run_until([&] {
    return std::all_of(clients.all().begin(), clients.all().end(),
                       [](const auto& client) { return client->ended(); });
  }));
  CHECK(relayd.process().wait(kLimit) == 0);
  CHECK(Clock::now() - began < std::chrono::seconds(5));
  Clock::time_point first = Clock::time_point::max();
  Clock::time_point last = Clock::time_point::min();
  for (const auto& client : clients.all()) {
    CHECK(client->ended_cleanly());
    const bool is_ws = client->status() == 101;
    if (is_ws) CHECK(client->close_code() == 1012);
    if (!is_ws) CHECK(client->retry().value_or(milliseconds(0)) > milliseconds(0));
    CHECK(client->count(Item::Kind::kMessage) <= 1);
    first = std::min(first, client->ended_at());
    last = std::max(last, client->ended_at());
  }
  CHECK(first - began >= milliseconds(990));
  CHECK(last - first >= milliseconds(500));  // spread, not all at once
}

TEST_CASE("A second TERM ends it at once") {
  RelaydProcess relayd({{"drain.delay", "5s"}, {"drain.spread", "5s"}, {"drain.timeout", "20s"}});
  StreamSet clients;
  clients.open(relayd.port(), Wire::kSse, "channel=a");
  REQUIRE(clients.await_live());
  relayd.process().signal(SIGTERM);
  REQUIRE(relayd.process().await_line("event=draining", kLimit));
  const auto began = Clock::now();
  relayd.process().signal(SIGTERM);
  CHECK(relayd.process().wait(kLimit) == 0);
  CHECK(Clock::now() - began < std::chrono::seconds(2));
}

TEST_CASE("QUIT stops without a drain; INT drains as TERM does") {
  RelaydProcess quick(Settings{{"drain.delay", "5s"}});
  quick.process().signal(SIGQUIT);
  CHECK(quick.process().wait(std::chrono::seconds(3)) == 0);
  RelaydProcess polite({{"drain.delay", "0s"}, {"drain.spread", "0s"}, {"drain.timeout", "5s"}});
  polite.process().signal(SIGINT);
  REQUIRE(polite.process().await_line("event=draining", kLimit));
  CHECK(polite.process().wait(kLimit) == 0);
}

TEST_CASE("HUP takes a renewed certificate; one that ends soon is warned of") {
  const ScratchFolder folder;
  const std::string certificate = folder.path() + "/cert.pem";
  const std::string key = folder.path() + "/key.pem";
  const auto issue = [&](const std::string& name, const std::string& days) {
    ChildProcess openssl({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                          "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=" + name, "-days", days,
                          "-keyout", key, "-out", certificate});
    REQUIRE(openssl.wait(kLimit) == 0);
  };
  issue("first", "5");
  RelaydProcess relayd({{"tls.certificate_file", certificate}, {"tls.key_file", key}});
  // Loops take a certificate one after the other, soon after the log tells of it.
  const auto serves = [&](std::string_view name) {
    for (const auto end = Clock::now() + kLimit; Clock::now() < end;) {
      ChildProcess openssl({"openssl", "s_client", "-connect", "127.0.0.1:" + std::to_string(relayd.port())});
      if (openssl.await_line("subject=", kLimit).value_or("").find(name) != std::string::npos) return true;
    }
    return false;
  };
  CHECK(relayd.process().await_line("event=tls.certificate_expires", kLimit));
  CHECK(serves("first"));
  issue("second", "100");
  relayd.process().signal(SIGHUP);
  CHECK(relayd.process().await_line("event=tls.certificate msg", kLimit));
  CHECK(relayd.process().await_line("event=reload msg", kLimit));
  CHECK(serves("second"));
  const double left = relayd.metric("relayd_tls_certificate_not_after_timestamp_seconds").value_or(0) -
                      static_cast<double>(std::time(nullptr));
  CHECK((left > 99 * 86'400 && left < 101 * 86'400));
  folder.write("key.pem", "none");
  relayd.process().signal(SIGHUP);
  CHECK(relayd.process().await_line("event=reload.failed", kLimit));
  CHECK(serves("second"));
}

TEST_CASE("HUP reloads what can be reloaded; a broken file changes nothing and says so") {
  const ScratchFolder folder;
  const auto config = [&](std::string_view text) { return folder.write("relayd.toml", text); };
  const std::string path = config("[publish]\nmax_bytes = 100\n[log]\nlevel = \"info\"\n");
  RelaydProcess relayd({}, {"--config", path});
  const auto success = [&] { return relayd.metric("relayd_config_reload_success").value_or(-1); };
  StreamSet clients;
  Stream& stream = clients.open(relayd.port(), Wire::kSse, "channel=a");
  REQUIRE(clients.await_live());
  const std::string body(200, 'x');
  CHECK(post(relayd, body) == 413);
  CHECK(success() == 1);

  config("[publish]\nmax_bytes = 300\n");
  relayd.process().signal(SIGHUP);
  REQUIRE(clients.run_until([&] { return post(relayd, body) == 201; }));
  CHECK(relayd.process().await_line("event=reload ", kLimit));

  config("[publish]\nmax_bytes = 100\nmax_bites = 7\n");
  relayd.process().signal(SIGHUP);
  REQUIRE(relayd.process().await_line("event=reload.failed", kLimit));
  CHECK(success() == 0);
  CHECK(post(relayd, body) == 201);  // as before

  config("[publish]\nmax_bytes = 150\n");
  relayd.process().signal(SIGHUP);
  REQUIRE(clients.run_until([&] { return post(relayd, body) == 413; }));
  CHECK(clients.run_until([&] { return success() == 1; }));
  CHECK(clients.run_until([&] { return stream.count(Item::Kind::kMessage) >= 2; }));
  CHECK(stream.live());
}

TEST_CASE("USR1 reopens the log file after it was moved; USR2 writes the state of every loop") {
  const ScratchFolder folder;
  const std::string path = folder.path() + "/relayd.log";
  const auto text_of = [](const std::string& name) {
    std::ifstream file(name);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  RelaydProcess relayd(Settings{{"loops", "2"}});
  relayd.process().signal(SIGUSR2);
  CHECK(relayd.process().await_line("event=state.loop", kLimit));
  CHECK(relayd.process().await_line("event=state.storage", kLimit));

  const std::uint16_t port = free_port();
  Settings settings{{"log.file", path}, {"drain.delay", "0s"}, {"drain.spread", "0s"}};
  std::vector<std::string> command = relayd_command(settings);
  command[2] = "127.0.0.1:" + std::to_string(port);
  ChildProcess logging(command);
  StreamSet waiting;
  REQUIRE(waiting.run_until([&] { return text_of(path).find("event=started") != std::string::npos; }));
  std::filesystem::rename(path, path + ".1");
  logging.signal(SIGUSR1);
  REQUIRE(waiting.run_until([&] { return std::filesystem::exists(path); }));
  logging.signal(SIGUSR2);
  REQUIRE(waiting.run_until([&] { return text_of(path).find("event=state.loop") != std::string::npos; }));
  CHECK(text_of(path + ".1").find("event=state.loop") == std::string::npos);
  logging.signal(SIGTERM);
  CHECK(logging.wait(kLimit) == 0);
}

TEST_CASE("A relayd that cannot start says why and exits with the code for it") {
  RelaydProcess first;
  std::string output;
  const std::string taken = "127.0.0.1:" + std::to_string(first.operator_port());
  std::vector<std::string> command = relayd_command({});
  command[4] = taken;
  ChildProcess second(command);
  CHECK(second.wait(kLimit) == 71);
  CHECK(second.await_line(taken, kLimit));
  // Two memories behind one port would each have half of the clients.
  const std::string shared = "127.0.0.1:" + std::to_string(first.port());
  command = relayd_command({});
  command[2] = shared;
  ChildProcess third(command);
  CHECK(third.wait(kLimit) == 71);
  CHECK(third.await_line(shared, kLimit));

  const ScratchFolder folder;
  CHECK(exit_code_of({}, {"--config", folder.write("relayd.toml", "[publish]\nmax_bites = 1\n")}, &output) ==
        78);
  CHECK(output.find("relayd.toml:2") != std::string::npos);
  CHECK(output.find("max_bytes") != std::string::npos);  // the nearest name
  CHECK(exit_code_of({}, {"--set", "publish.max_bites=1"}, &output) == 64);
  CHECK(output.find("max_bytes") != std::string::npos);
  CHECK(exit_code_of({}, {"--config", "/nonexistent/relayd.toml"}) == 66);
  CHECK(exit_code_of({}, {"--no-such-flag"}) == 64);
  CHECK(exit_code_of({{"tls.certificate_file", "/nonexistent.pem"}, {"tls.key_file", "/nonexistent.key"}},
                     {}) == 78);
}
