#include "options/secret_file.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/bytes.hpp"

namespace relay::options {
namespace {

constexpr off_t kMaxSecretBytes = 64 * 1024;

Error refuse(const std::string& path, const std::string& why) {
  return make_error(ErrorKind::kInvalid, "bad_secret_file", "secret file " + path + ": " + why);
}

}  // namespace

Result<std::string> read_secret_file(const std::string& path, const std::string& credentials_directory) {
  const bool is_relative = path.empty() || path.front() != '/';
  if (is_relative && credentials_directory.empty()) {
    return refuse(path, "a relative name needs $CREDENTIALS_DIRECTORY (LoadCredential= in the unit)");
  }
  const std::string full = is_relative ? credentials_directory + "/" + path : path;
  struct stat status{};
  if (stat(full.c_str(), &status) != 0) return refuse(full, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return refuse(full, "not a regular file");
  if ((status.st_mode & S_IROTH) != 0) return refuse(full, "everyone may read it; run chmod o-rwx on it");
  if (status.st_size > kMaxSecretBytes) return refuse(full, "more than 64 KiB");
  std::ifstream file(full, std::ios::binary);
  if (!file) return refuse(full, std::strerror(errno));
  std::ostringstream content;
  content << file.rdbuf();
  std::string secret = content.str();
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  if (secret.empty()) return refuse(full, "empty");
  return secret;
}

}  // namespace relay::options
