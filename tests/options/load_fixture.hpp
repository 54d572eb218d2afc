// A folder of configuration files that lives as long as the test, and load() called on it.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "options/load.hpp"

namespace relay::test {

class LoadFixture {
 public:
  LoadFixture() {
    std::string name = std::filesystem::temp_directory_path() / "relay-options-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    directory = name;
  }
  ~LoadFixture() { std::filesystem::remove_all(directory); }
  LoadFixture(const LoadFixture&) = delete;
  LoadFixture& operator=(const LoadFixture&) = delete;

  std::string path(const std::string& name) const { return directory + "/" + name; }

  std::string write(const std::string& name, const std::string& text, mode_t mode = 0640) const {
    const std::string full = path(name);
    std::filesystem::create_directories(std::filesystem::path(full).parent_path());
    std::ofstream(full, std::ios::binary) << text;
    if (chmod(full.c_str(), mode) != 0) throw std::runtime_error("chmod failed");
    return full;
  }

  // Runs with relayd.toml of the folder as the default file.
  options::LoadOutcome load(std::vector<std::string> flags = {}) const {
    std::vector<const char*> argv = {"relayd"};
    for (const std::string& flag : flags) argv.push_back(flag.c_str());
    return options::load(static_cast<int>(argv.size()), argv.data(), environment, path("relayd.toml"));
  }

  // The outcome's errors with the folder's name left out.
  std::string errors(const std::vector<std::string>& flags = {}) const {
    std::string text = load(flags).errors;
    const std::string prefix = directory + "/";
    for (auto at = text.find(prefix); at != text.npos; at = text.find(prefix)) text.erase(at, prefix.size());
    return text;
  }

  std::string directory;
  options::Environment environment;
};

}  // namespace relay::test
