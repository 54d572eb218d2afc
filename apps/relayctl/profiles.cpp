#include "profiles.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>
#include <vector>

#include "options/table.hpp"

namespace relay::ctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 8> kFlags{"--server", "--token-file", "--config", "--redis",
                                                 "--prefix", "--cacert",     "--cert",   "--key"};

Failure file_failure(int number, const std::string& path) {
  const bool denied = number == EACCES || number == EPERM;
  return {denied ? exit_code::kDenied : exit_code::kIo,
          "cannot use " + path,
          std::generic_category().message(number),
          {}};
}

Failure not_ours(const std::string& path, const std::string& why) {
  return {exit_code::kConfig, path + " is not a list of contexts", why,
          "mend it or move it away; relayctl context add makes a new one"};
}

// Whole or not at all: a reader sees the old file or the new one.
Outcome<void> replace_file(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return file_failure(errno, fresh);
  ::fchmod(fd, 0600);
  const bool written =
      ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  const int number = errno;
  ::close(fd);
  if (!written) return file_failure(number, fresh);
  if (::rename(fresh.c_str(), path.c_str()) != 0) return file_failure(errno, path);
  return {};
}

}  // namespace

std::span<const std::string_view> profile_flags() {
  return kFlags;
}

std::string Profiles::path() {
  const char* base = std::getenv("XDG_CONFIG_HOME");
  if (base != nullptr && *base == '/') return std::string(base) + "/relayctl/contexts.json";
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr ? "" : home) + "/.config/relayctl/contexts.json";
}

Outcome<Profiles> Profiles::load() {
  Profiles profiles;
  const std::string file_name = path();
  std::ifstream file(file_name, std::ios::binary);
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return profiles;
    return file_failure(errno, file_name);
  }
  std::ostringstream text;
  text << file.rdbuf();
  const Json json = Json::parse(text.str(), nullptr, false);
  if (!json.is_object() || !json.contains("contexts") || !json["contexts"].is_object()) {
    return not_ours(file_name, "it is no JSON object with \"contexts\"");
  }
  if (json.contains("current") && json["current"].is_string())
    profiles.current_ = json["current"].get<std::string>();
  for (const auto& [name, members] : json["contexts"].items()) {
    if (!members.is_object()) return not_ours(file_name, "\"" + name + "\" is no object");
    for (const auto& [key, value] : members.items()) {
      if (!value.is_string()) return not_ours(file_name, "\"" + key + "\" of \"" + name + "\" is no string");
      profiles.profiles_[name][key] = value.get<std::string>();
    }
    profiles.profiles_[name];
  }
  return profiles;
}

Outcome<void> Profiles::save() const {
  const std::string file_name = path();
  const std::filesystem::path folder = std::filesystem::path(file_name).parent_path();
  std::error_code error;
  const bool made = std::filesystem::create_directories(folder, error);
  if (error) return file_failure(error.value(), folder.string());
  if (made) ::chmod(folder.c_str(), 0700);
  Json json = {{"current", current_}, {"contexts", Json::object()}};
  for (const auto& [name, profile] : profiles_) {
    Json& members = json["contexts"][name] = Json::object();
    for (const auto& [key, value] : profile) members[key] = value;
  }
  return replace_file(file_name, json.dump(2) + "\n");
}

Outcome<Profile> Profiles::find(const std::string& name) const {
  const auto found = profiles_.find(name);
  if (found != profiles_.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [known_name, profile] : profiles_) known.push_back(known_name);
  const auto near = options::nearest(name, known);
  return usage("there is no context \"" + name + "\"",
               (near ? "did you mean \"" + *near + "\"?  " : "") + std::string("see: relayctl context list"));
}

void Profiles::remove(const std::string& name) {
  profiles_.erase(name);
  if (current_ == name) current_.clear();
}

Outcome<void> apply_profile(Arguments& arguments) {
  const char* variable = std::getenv("RELAYCTL_CONTEXT");
  std::string name = arguments.text_or("--context", variable == nullptr ? "" : variable);
  const bool wanted = !name.empty();
  const auto profiles = Profiles::load();
  if (!profiles) return wanted ? Outcome<void>(profiles.error()) : Outcome<void>();
  if (!wanted) name = profiles->current();
  if (name.empty()) return {};
  const auto profile = profiles->find(name);
  if (!profile) return profile.error();
  for (const std::string_view flag : kFlags) {
    const auto value = profile->find(std::string(flag.substr(2)));
    if (value != profile->end() && !value->second.empty() && !arguments.has(flag))
      arguments.add(flag, value->second);
  }
  return {};
}

}  // namespace relay::ctl
