#include "commands/worker.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>

#include "base/bytes.hpp"
#include "cli/interrupt.hpp"
#include "load/workers.hpp"
#include "net/address.hpp"

namespace relay::bench {
namespace {

using cli::Failure;
using cli::Outcome;

Outcome<std::string> secret_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file) return Failure{exit_code::kNoInput, "cannot read the secret in " + path};
  std::getline(file, line);
  if (trim(line).size() < 16)
    return Failure{exit_code::kData, "the secret in " + path + " is too short",
                   "take 16 letters or more: openssl rand -hex 16"};
  return std::string(trim(line));
}

Failure cannot_listen(const std::string& address, const std::string& why) {
  return Failure{exit_code::kOsRefused, "cannot listen on " + address, why};
}

Outcome<int> listen_on(const std::string& address) {
  const auto endpoint = net::Endpoint::parse(address);
  if (!endpoint || endpoint->host.empty() || !endpoint->unix_path.empty())
    return cli::usage("\"" + address + "\" is no address to listen on", "write 10.0.0.2:7800");
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* list = nullptr;
  const int error =
      getaddrinfo(endpoint->host.c_str(), std::to_string(endpoint->port).c_str(), &hints, &list);
  if (error != 0) return cannot_listen(address, gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> holder(list, freeaddrinfo);
  const int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, list->ai_addr, list->ai_addrlen) == 0 && listen(fd, 8) == 0) return fd;
  const std::string why = std::strerror(errno);
  ::close(fd);
  return cannot_listen(address, why);
}

std::string name_of_peer(const sockaddr_storage& peer, socklen_t size) {
  char host[NI_MAXHOST];
  const auto* address = reinterpret_cast<const sockaddr*>(&peer);
  return getnameinfo(address, size, host, sizeof host, nullptr, 0, NI_NUMERICHOST) == 0 ? host : "somebody";
}

std::string own_address(int fd) {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&own), &size) != 0 ||
      getnameinfo(reinterpret_cast<sockaddr*>(&own), size, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return "?";
  return own.ss_family == AF_INET6 ? "[" + std::string(host) + "]:" + port : std::string(host) + ":" + port;
}

void say(const Context& context, const std::string& text) {
  if (context.arguments.has("--quiet")) return;
  std::fputs((text + "\n").c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace

cli::Form worker_form() {
  return {
      .flags = {{"--listen", "ADDRESS", "where to be found: 10.0.0.2:7800"},
                {"--secret", "FILE", "a line that the others know too, at least 16 letters",
                 cli::Words::kFile}},
      .text =
          "Waits for a relaybench that names it in --workers, takes its part of the load, and waits for the "
          "next one. The parts have channels of their own, so a message is sent and timed on one machine and "
          "no latency depends on another's clock; how far the clocks are apart stands in the report. All "
          "machines need the same version of relaybench. The secret is never sent, but nothing is encrypted: "
          "use a network that you trust.\n",
      .examples = {{"relaybench worker --listen 10.0.0.2:7800 --secret bench.secret", "on each machine"},
                   {"relaybench fanout --url http://edge:8081 --workers 10.0.0.2:7800,10.0.0.3:7800 "
                    "--worker-secret bench.secret",
                    "and then"}}};
}

int worker(Context& context) {
  if (!context.arguments.has("--listen") || !context.arguments.has("--secret"))
    return context.fail(cli::usage("a worker needs --listen and --secret", "see: relaybench worker -h"));
  const auto secret = secret_of(context.arguments.text("--secret"));
  if (!secret) return context.fail(secret.error());
  const auto listener = listen_on(context.arguments.text("--listen"));
  if (!listener) return context.fail(listener.error());
  cli::catch_interrupts();
  signal(SIGPIPE, SIG_IGN);
  say(context, "worker of relaybench " RELAY_VERSION " on " + own_address(*listener));
  while (!cli::interrupted()) {
    pollfd wait{*listener, POLLIN, 0};
    if (poll(&wait, 1, 200) != 1) continue;
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const int fd = accept4(*listener, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC);
    if (fd < 0) continue;
    say(context, name_of_peer(peer, size) + ": " + serve_coordinator(fd, *secret, cli::interrupted));
  }
  ::close(*listener);
  return exit_code::kOk;
}

}  // namespace relay::bench
