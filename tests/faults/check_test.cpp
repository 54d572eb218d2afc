// relayd --check and --check=full: what they find, what they say, the exit code for it, and that they leave
// no trace.
#include "server/check.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "support/catch.hpp"
#include "support/relayd_process.hpp"
#include "support/storage_under_test.hpp"

using namespace relay::test;

namespace {

constexpr std::chrono::seconds kLimit{10};

struct Outcome {
  int code;
  std::string output;
  bool says(std::string_view words) const { return output.find(words) != std::string::npos; }
};

Outcome check(const char* how, const Settings& settings, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {how};
  arguments.insert(arguments.end(), more.begin(), more.end());
  ChildProcess process(relayd_command(settings, arguments));
  const int code = process.wait(kLimit).value_or(-1);
  process.await_line("\x01", kLimit);  // never there: until the output has ended
  return {code, process.output()};
}

Settings storage_at(std::uint16_t port) {
  return {{"storage", "redis"},
          {"redis.url", "redis://127.0.0.1:" + std::to_string(port)},
          {"redis.connect_timeout", "300ms"}};
}

// Whether somebody listens there.
bool answers(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

// A socket file that nobody listens on, as a killed process leaves it.
void leave_socket_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  ::close(fd);
}

}  // namespace

TEST_CASE("A problem is what, why, and what to do") {
  const relay::server::Problem problem{69, "the storage at x cannot be used", "Connection refused",
                                       "see that it runs"};
  CHECK(problem.text() ==
        "relayd: error: the storage at x cannot be used: Connection refused\n  help: see that it runs\n");
}

TEST_CASE("--check loads certificates, of the listeners and towards Redis") {
  const ScratchFolder folder;
  const std::string broken = folder.write("broken.pem", "no certificate\n");
  CHECK(check("--check", {}).code == 0);
  const Outcome listeners = check("--check", {{"tls.certificate_file", broken}, {"tls.key_file", broken}});
  CHECK(listeners.code == 78);
  CHECK(listeners.says(broken));
  CHECK(listeners.says("help: "));
  Settings redis{{"storage", "redis"}, {"redis.url", "rediss://127.0.0.1:1"}};
  CHECK(check("--check", redis).code == 0);  // connects to nothing
  for (const char* option : {"redis.tls_ca_file", "redis.tls_cert_file"}) {
    Settings wrong = redis;
    wrong[option] = broken;
    if (std::string_view(option) == "redis.tls_cert_file") wrong["redis.tls_key_file"] = broken;
    const Outcome outcome = check("--check", wrong);
    CHECK(outcome.code == 78);
    CHECK(outcome.says(broken));
  }
}

TEST_CASE("--check reads secret files") {
  const ScratchFolder folder;
  const std::string secret = folder.write("password", "s3cret\n");
  ::chmod(secret.c_str(), 0600);
  CHECK(check("--check", {{"redis.password_file", secret}}).code == 0);
  ::chmod(secret.c_str(), 0644);
  const Outcome open = check("--check", {{"redis.password_file", secret}});
  CHECK(open.code != 0);
  CHECK(open.says("everyone may read it"));
  CHECK_FALSE(open.says("s3cret"));
  CHECK(check("--check", {{"redis.password_file", folder.path() + "/none"}}).code != 0);
}

TEST_CASE("--check=full tries the addresses and leaves sockets as they are") {
  CHECK(check("--check=full", {}).code == 0);
  const ScratchFolder folder;
  const std::string path = folder.path() + "/relayd.sock";
  {
    const RelaydProcess relayd({{"admin.socket", path}});
    REQUIRE(answers(path));
    const Outcome taken = check("--check=full", {{"admin.socket", path}});
    CHECK(taken.code == 71);
    CHECK(taken.says(path));
    CHECK(answers(path));
    const Outcome port =
        check("--check=full", {}, {"--listen", "127.0.0.1:" + std::to_string(relayd.port())});
    CHECK(port.code == 71);
    CHECK(port.says(std::to_string(relayd.port())));
  }
  const std::string left = folder.path() + "/left.sock";
  leave_socket_at(left);
  CHECK(check("--check=full", {{"admin.socket", left}}).code == 0);
  CHECK(::access(left.c_str(), F_OK) == 0);
  {
    const RelaydProcess relayd({{"admin.socket", left}});
    CHECK(answers(left));
  }
  // A file that is no socket is somebody's.
  const std::string file = folder.write("file", "mine");
  CHECK(check("--check=full", {{"admin.socket", file}}).code == 71);
  std::ifstream still(file);
  CHECK(std::string(std::istreambuf_iterator<char>(still), {}) == "mine");
  CHECK(check("--check=full", {{"admin.socket", folder.path() + "/none/relayd.sock"}}).code == 71);
}

TEST_CASE("--check=full has the storage answer") {
  const RedisServer server({.way = RedisWay::kPassword, .keep_data = false});
  Settings settings = storage_at(server.port());
  const Outcome nobody = check("--check=full", settings);
  CHECK(nobody.code == 69);
  CHECK(nobody.says("NOAUTH"));
  settings["redis.connect_timeout"] = "5s";
  const ScratchFolder folder;
  const std::string secret = folder.write("password", server.settings().server.password + "\n");
  ::chmod(secret.c_str(), 0600);
  settings["redis.password_file"] = secret;
  const Outcome good = check("--check=full", settings);
  CHECK(good.code == 0);
  CHECK(good.says("storage answers"));
}

TEST_CASE("--check=full of a storage that is not there says why within the deadline") {
  const auto began = std::chrono::steady_clock::now();
  const Outcome refused = check("--check=full", storage_at(free_port()));
  CHECK(refused.code == 69);
  CHECK(refused.says("refused"));
  CHECK(refused.says("help: "));
  Settings unnamed = storage_at(1);
  unnamed["redis.url"] = "redis://nowhere.invalid:6379";
  const Outcome unresolved = check("--check=full", unnamed);
  CHECK(unresolved.code == 69);
  CHECK(unresolved.says("nowhere.invalid"));
  CHECK(std::chrono::steady_clock::now() - began < kLimit);
}
