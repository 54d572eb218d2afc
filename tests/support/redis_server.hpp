// A real redis-server of a test's own: loopback and a Unix socket in a scratch folder, ended by its pid.
//
// The Unix socket is always there, for the test's own commands; storages come in by whatever `way` the
// options open. The data folder and the port outlive kill(), so start() brings the same server back. One test
// thread. Throws std::runtime_error when the server cannot be started or does not answer.
#pragma once

#include <signal.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/redis/settings.hpp"
#include "support/child_process.hpp"

namespace relay::test {

// $RELAY_TEST_REDIS_SERVER if it is set (valkey-server), else redis-server.
std::string redis_program();

enum class RedisWay { kTcp, kUnix, kTls, kTlsClientCertificate, kPassword, kAclUser };

class RedisServer {
 public:
  struct Options {
    RedisWay way = RedisWay::kTcp;
    // An append-only file, synced before each answer. With "everysec" Redis answers before it writes while a
    // sync is on its way, and kill() then takes what it had acknowledged (seen in half of the runs).
    bool keep_data = true;
    std::vector<std::string> more = {};  // further arguments of redis-server
  };
  RedisServer() : RedisServer(Options{}) {}
  explicit RedisServer(Options options);
  ~RedisServer();

  redis::RedisSettings settings() const;  // for a storage that comes in by `way`
  std::uint16_t port() const { return port_; }
  void start();  // REQUIRES: not running. Returns when it takes connections.
  void kill();   // as kill -9; returns when it is gone
  void freeze() { process_->signal(SIGSTOP); }
  void thaw() { process_->signal(SIGCONT); }

  // Runs a command by way of the Unix socket. The answer in one line: elements of an array are separated by
  // spaces, an error begins with '-', nil is "(nil)".
  std::string command(std::initializer_list<std::string_view> arguments);
  // The answer as an array of texts.
  std::vector<std::string> list(std::initializer_list<std::string_view> arguments);
  std::vector<std::string> list(const std::vector<std::string>& arguments);

 private:
  std::string file(std::string_view name) const { return folder_.path() + "/" + std::string(name); }
  std::vector<std::string> arguments() const;
  void make_certificates();

  const Options options_;
  ScratchFolder folder_;
  std::uint16_t port_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace relay::test
