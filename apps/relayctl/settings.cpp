#include "settings.hpp"

#include <string>
#include <vector>

namespace relay::ctl {
namespace {

// The words of a relayd command line that has these settings.
std::vector<std::string> as_relayd(const Arguments& arguments) {
  std::vector<std::string> words{"relayd"};
  const auto hand_over = [&](std::string_view flag, const std::string& word) {
    if (arguments.has(flag)) words.insert(words.end(), {word, arguments.text(flag)});
  };
  const auto hand_over_key = [&](std::string_view flag, const std::string& key) {
    if (arguments.has(flag)) words.insert(words.end(), {"--set", key + "=" + arguments.text(flag)});
  };
  hand_over("--config", "--config");
  hand_over("--redis", "--redis-url");
  hand_over_key("--prefix", "redis.prefix");
  hand_over_key("--cacert", "redis.tls_ca_file");
  hand_over_key("--cert", "redis.tls_cert_file");
  hand_over_key("--key", "redis.tls_key_file");
  return words;
}

}  // namespace

Outcome<options::Loaded> relayd_settings(const Arguments& arguments) {
  const std::vector<std::string> words = as_relayd(arguments);
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  options::LoadOutcome outcome =
      options::load(static_cast<int>(argv.size()), argv.data(), options::process_environment());
  if (outcome.exit_code == 0) return std::move(outcome.loaded);
  while (outcome.errors.ends_with('\n')) outcome.errors.pop_back();
  return Failure{outcome.exit_code, "cannot use relayd's settings", outcome.errors,
                 "mend them, or say where to look with --config, --server or --redis"};
}

Outcome<options::Options> stored_settings(const Arguments& arguments) {
  const auto loaded = relayd_settings(arguments);
  if (!loaded) return loaded.error();
  if (loaded->options.storage == "memory") {
    return Failure{exit_code::kConfig, "there is no store to look into",
                   loaded->files.empty()
                       ? "/etc/relayd/relayd.toml is not there, and messages are kept in memory by default"
                       : "relayd keeps messages in memory by these settings",
                   "name the store: --redis redis://HOST:PORT, or --config FILE"};
  }
  return loaded->options;
}

}  // namespace relay::ctl
