#include "support/own_network.hpp"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "support/child_process.hpp"

namespace relay::test {
namespace {

using namespace std::chrono_literals;

void write_file(const char* path, const std::string& text) {
  std::ofstream(path) << text;
}

// Root of a user namespace of its own may do in it what root may.
bool unshare_network() {
  if (::geteuid() == 0) return ::unshare(CLONE_NEWNET) == 0;
  const std::string user = std::to_string(::geteuid());
  const std::string group = std::to_string(::getegid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", "0 " + user + " 1");
  write_file("/proc/self/gid_map", "0 " + group + " 1");
  return true;
}

bool bring_up_loopback() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", sizeof request.ifr_name - 1);
  bool up = ::ioctl(fd, SIOCGIFFLAGS, &request) == 0;
  request.ifr_flags |= IFF_UP;
  up = up && ::ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  ::close(fd);
  return up;
}

// Its output if it failed.
std::string run(std::vector<std::string> command) {
  ChildProcess process(std::move(command));
  const auto status = process.wait(10s);
  return status == 0 ? std::string() : "failed: " + process.output();
}

std::string nft(const std::string& script) {
  try {
    return run({"nft", script});
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

}  // namespace

std::string OwnNetwork::enter() {
  if (!unshare_network()) return std::string("no network namespace: ") + std::strerror(errno);
  if (!bring_up_loopback()) return std::string("no loopback in it: ") + std::strerror(errno);
  if (const std::string why = nft("add table inet relay_test"); !why.empty()) return "nft " + why;
  return {};
}

OwnNetwork::Drop::Drop(std::string_view match) {
  const std::string why = nft("add chain inet relay_test gate { type filter hook input priority 0; }");
  if (!why.empty()) throw std::runtime_error("nft " + why);
  add(match);
}

void OwnNetwork::Drop::add(std::string_view match) const {
  const std::string why = nft("add rule inet relay_test gate " + std::string(match) + " drop");
  if (!why.empty()) throw std::runtime_error("nft " + why);
}

OwnNetwork::Drop::~Drop() {
  nft("flush chain inet relay_test gate");
}

}  // namespace relay::test
