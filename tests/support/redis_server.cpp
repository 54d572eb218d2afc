#include "support/redis_server.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "wire/resp.hpp"

namespace relay::test {
namespace {

using namespace std::chrono_literals;
using wire::RespValue;

constexpr std::string_view kOperatorPassword = "operator-secret";
constexpr std::string_view kUser = "relay-user";
constexpr std::string_view kUserPassword = "s3cret with:odd@chars";

void run(std::vector<std::string> command) {
  ChildProcess process(command);
  const auto status = process.wait(30s);
  if (status != 0) throw std::runtime_error(command.front() + " failed: " + process.output());
}

// A blocking connection for one command.
class Dial {
 public:
  explicit Dial(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ::close(fd_);
      throw std::runtime_error("cannot connect to " + path);
    }
  }
  ~Dial() { ::close(fd_); }

  template <class OnValue>
  void talk(const std::string& commands, std::size_t answers, OnValue&& on_value) {
    if (::send(fd_, commands.data(), commands.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(commands.size())) {
      throw std::runtime_error("redis-server does not take commands");
    }
    wire::RespReader reader;
    std::vector<char> buffer(64 * 1024);
    while (answers > 0) {
      const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (n <= 0) throw std::runtime_error("redis-server hung up");
      (void)reader.feed({buffer.data(), static_cast<std::size_t>(n)}, [&](const RespValue& value) {
        if (--answers == 0) on_value(value);
        return answers > 0;
      });
    }
  }

 private:
  int fd_;
};

void flatten(const RespValue& value, std::vector<std::string>& out) {
  switch (value.type()) {
    case RespValue::Type::kArray:
      for (std::size_t i = 0; i < value.size(); ++i) flatten(value[i], out);
      break;
    case RespValue::Type::kInteger:
      out.push_back(std::to_string(value.integer()));
      break;
    case RespValue::Type::kNil:
      out.emplace_back("(nil)");
      break;
    case RespValue::Type::kError:
      out.push_back("-" + std::string(value.text()));
      break;
    default:
      out.emplace_back(value.text());
  }
}

}  // namespace

std::string redis_program() {
  const char* program = std::getenv("RELAY_TEST_REDIS_SERVER");
  return program != nullptr ? program : "redis-server";
}

RedisServer::RedisServer(Options options) : options_(std::move(options)), port_(free_port()) {
  if (options_.way == RedisWay::kTls || options_.way == RedisWay::kTlsClientCertificate) make_certificates();
  start();
}

RedisServer::~RedisServer() = default;

// A CA, and a pair for 127.0.0.1 that serves both ends.
void RedisServer::make_certificates() {
  folder_.write("san", "subjectAltName=IP:127.0.0.1");
  run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
       "-days", "2", "-subj", "/CN=relay test CA", "-keyout", file("ca.key"), "-out", file("ca.crt")});
  run({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
       "/CN=127.0.0.1", "-keyout", file("redis.key"), "-out", file("redis.csr")});
  run({"openssl", "x509", "-req", "-in", file("redis.csr"), "-CA", file("ca.crt"), "-CAkey", file("ca.key"),
       "-CAcreateserial", "-days", "2", "-extfile", file("san"), "-out", file("redis.crt")});
}

std::vector<std::string> RedisServer::arguments() const {
  std::vector<std::string> all = {redis_program(),
                                  "--bind",
                                  "127.0.0.1",
                                  "--dir",
                                  folder_.path(),
                                  "--unixsocket",
                                  file("redis.sock"),
                                  "--save",
                                  "",
                                  "--appendonly",
                                  options_.keep_data ? "yes" : "no",
                                  "--appendfsync",
                                  "always"};
  const auto add = [&](std::initializer_list<std::string> some) { all.insert(all.end(), some); };
  const std::string port = std::to_string(port_);
  switch (options_.way) {
    case RedisWay::kTcp:
      add({"--port", port});
      break;
    case RedisWay::kUnix:
      add({"--port", "0"});
      break;
    case RedisWay::kTls:
    case RedisWay::kTlsClientCertificate:
      add({"--port", "0", "--tls-port", port, "--tls-cert-file", file("redis.crt"), "--tls-key-file",
           file("redis.key"), "--tls-ca-cert-file", file("ca.crt"), "--tls-auth-clients",
           options_.way == RedisWay::kTls ? "no" : "yes"});
      break;
    case RedisWay::kPassword:
      add({"--port", port, "--requirepass", std::string(kOperatorPassword)});
      break;
    case RedisWay::kAclUser:
      // No more than relay needs: its own keys and topics, and these commands.
      add({"--port", port, "--requirepass", std::string(kOperatorPassword)});
      break;
  }
  all.insert(all.end(), options_.more.begin(), options_.more.end());
  return all;
}

void RedisServer::start() {
  process_.reset();
  process_ = std::make_unique<ChildProcess>(arguments());
  if (!process_->await_line("eady to accept connections", 20s)) {
    throw std::runtime_error("redis-server does not start: " + process_->output());
  }
  if (options_.way == RedisWay::kAclUser) {
    command({"ACL", "SETUSER", kUser, "on", ">" + std::string(kUserPassword), "resetkeys", "~relay:*",
             "resetchannels", "&relay:*", "-@all", "+@connection", "+@scripting", "+@pubsub", "+@string",
             "+@sortedset", "+pexpire", "+time"});
  }
}

void RedisServer::kill() {
  process_->signal(SIGKILL);
  if (!process_->wait(10s)) throw std::runtime_error("redis-server does not die");
}

redis::RedisSettings RedisServer::settings() const {
  redis::RedisSettings settings;
  settings.server.host = "127.0.0.1";
  settings.server.port = port_;
  settings.instance = "test";
  switch (options_.way) {
    case RedisWay::kTcp:
      break;
    case RedisWay::kUnix:
      settings.server.unix_path = file("redis.sock");
      break;
    case RedisWay::kTlsClientCertificate:
      settings.tls_cert_file = file("redis.crt");
      settings.tls_key_file = file("redis.key");
      [[fallthrough]];
    case RedisWay::kTls:
      settings.server.tls = true;
      settings.tls_ca_file = file("ca.crt");
      break;
    case RedisWay::kPassword:
      settings.server.password = kOperatorPassword;
      break;
    case RedisWay::kAclUser:
      settings.server.username = kUser;
      settings.server.password = kUserPassword;
      break;
  }
  return settings;
}

std::vector<std::string> RedisServer::list(std::initializer_list<std::string_view> arguments) {
  return list(std::vector<std::string>(arguments.begin(), arguments.end()));
}

std::vector<std::string> RedisServer::list(const std::vector<std::string>& arguments) {
  std::string out;
  const bool locked = options_.way == RedisWay::kPassword || options_.way == RedisWay::kAclUser;
  if (locked) wire::append_command(out, {"AUTH", kOperatorPassword});
  wire::RespCommand command(out, arguments.size());
  for (const std::string& argument : arguments) command.arg(argument);
  std::vector<std::string> answer;
  Dial(file("redis.sock")).talk(out, locked ? 2 : 1, [&](const RespValue& value) { flatten(value, answer); });
  return answer;
}

std::string RedisServer::command(std::initializer_list<std::string_view> arguments) {
  std::string line;
  for (const std::string& text : list(arguments)) line += (line.empty() ? "" : " ") + text;
  return line;
}

}  // namespace relay::test
