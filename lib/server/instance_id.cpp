#include "server/instance_id.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "options/check.hpp"

namespace relay::server {
namespace {

Error failed(const std::string& what, const std::string& path) {
  return make_error(ErrorKind::kInvalid, "bad_state",
                    "cannot " + what + " " + path + ": " + std::strerror(errno));
}

}  // namespace

InstanceIdFile::~InstanceIdFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::string> InstanceIdFile::open(const std::string& directory) {
  const std::string path = directory + "/instance-id";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) return failed("open", path);
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    return make_error(ErrorKind::kUnavailable, "state_in_use", "another relayd has " + path);
  }
  char buffer[256];
  const ssize_t n = ::pread(fd_, buffer, sizeof buffer, 0);
  if (n < 0) return failed("read", path);
  const std::string kept(trim(std::string_view(buffer, static_cast<std::size_t>(n))));
  if (!kept.empty()) {
    if (const std::string why = options::check_instance_id(kept); !why.empty()) {
      return make_error(ErrorKind::kInvalid, "bad_state", path + " holds no instance id: " + why);
    }
    return kept;
  }
  const std::string id = made_up_instance_id();
  const std::string line = id + '\n';
  if (::pwrite(fd_, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size()) || ::fsync(fd_) != 0) {
    return failed("write", path);
  }
  return id;
}

std::string made_up_instance_id() {
  return random_hex(6);
}

}  // namespace relay::server
