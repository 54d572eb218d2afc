#include "options/merge.hpp"

#include <map>

#include "base/bytes.hpp"
#include "options/redis_url.hpp"
#include "options/secret_file.hpp"

namespace relay::options {
namespace {

std::string variable(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

class Merger {
 public:
  Merger(const Environment& environment, Loaded& loaded, std::vector<Diagnostic>& errors)
      : environment_(environment), loaded_(loaded), errors_(errors) {}

  void take(const Layer& layer);
  void apply();
  void derive();
  void check();

 private:
  bool given(const std::string& key) const { return chosen_.contains(key); }
  bool given_by(const std::string& key, const std::string& place) const {
    return given(key) && chosen_.at(key).place.name == place;
  }
  void read_secret(Setting& setting);
  void apply_to_namespace(const NamespaceKey& key, const Setting& setting);
  void derive_storage();
  void derive_socket();
  void derive_drain();
  void check_pair(const std::string& one, const std::string& other, bool has_one, bool has_other);
  void check_redis_mode();
  void check_relations();
  void check_drain();
  void complain(const std::vector<std::string>& keys, std::string message, std::string help = {});

  const Environment& environment_;
  Loaded& loaded_;
  std::vector<Diagnostic>& errors_;
  std::map<std::string, Setting> chosen_;
};

void Merger::take(const Layer& layer) {
  std::map<std::string, const Setting*> in_layer;
  for (const Setting& setting : layer.settings) {
    const auto [earlier, is_first] = in_layer.emplace(setting.key.key, &setting);
    if (!is_first && earlier->second->key.from_file != setting.key.from_file) {
      errors_.push_back({setting.place, setting.key.key + " and " + setting.key.key + "_file are both given",
                         "keep one of them"});
    }
    chosen_[setting.key.key] = setting;
  }
}

void Merger::read_secret(Setting& setting) {
  const auto& path = std::get<std::string>(setting.value);
  const auto secret = read_secret_file(path, variable(environment_, "CREDENTIALS_DIRECTORY"));
  if (!secret) {
    errors_.push_back({setting.place, secret.error().message, {}});
    return;
  }
  std::string text = *secret;
  if (setting.key.row->type == Type::kList) {
    for (char& c : text) c = c == '\n' ? ',' : c;  // one entry a line
  }
  auto value = parse_value(*setting.key.row, text);
  if (!value) {
    errors_.push_back({setting.place, "secret file " + path + ": " + value.error().message, {}});
    return;
  }
  setting.value = std::move(*value);
  setting.key.from_file = false;
}

void Merger::apply_to_namespace(const NamespaceKey& key, const Setting& setting) {
  const auto [entry, is_new] =
      loaded_.options.namespaces.try_emplace(std::string(key.name), loaded_.options.channel);
  set(*setting.key.row, entry->second, setting.value);
}

// [channel] before [namespace.NAME]: a new namespace begins as a copy of it.
void Merger::apply() {
  for (auto& [key, setting] : chosen_) {
    if (setting.key.from_file) read_secret(setting);
    if (setting.key.from_file) continue;
    loaded_.origins[key] = origin_of(setting.place);
    if (!namespace_key(key)) set(*setting.key.row, loaded_.options, setting.value);
  }
  for (const auto& [key, setting] : chosen_) {
    if (const auto parts = namespace_key(key)) apply_to_namespace(*parts, setting);
  }
}

void Merger::derive_storage() {
  if (given("storage") || !given("redis.url")) return;
  for (const char* place : {"environment REDIS_URL", "flag --redis-url"}) {
    if (!given_by("redis.url", place)) continue;
    loaded_.options.storage = "redis";
    loaded_.origins["storage"] = std::string(place);
    return;
  }
  loaded_.warnings.emplace_back("redis.url is set, but storage is \"memory\": Redis is not used");
}

void Merger::derive_socket() {
  const std::string directories = variable(environment_, "RUNTIME_DIRECTORY");
  if (given("admin.socket") || directories.empty()) return;
  loaded_.options.admin.socket = directories.substr(0, directories.find(':')) + "/relayd.sock";
  loaded_.origins["admin.socket"] = "environment RUNTIME_DIRECTORY";
}

void Merger::derive_drain() {
  DrainOptions& drain = loaded_.options.drain;
  if (given_by("drain.timeout", "environment SHUTDOWN_TIMEOUT")) drain.timeout += drain.delay;
  if (drain.delay + drain.spread <= drain.timeout) return;
  if (!given("drain.timeout")) {
    drain.timeout = drain.delay + drain.spread + std::chrono::seconds(5);
    loaded_.origins["drain.timeout"] = "drain.delay and drain.spread";
  } else if (!given("drain.spread") && drain.delay <= drain.timeout) {
    drain.spread = drain.timeout - drain.delay;
    loaded_.origins["drain.spread"] = "drain.timeout and drain.delay";
  }
}

void Merger::derive() {
  derive_storage();
  derive_socket();
  derive_drain();
}

// The error stands where one of `keys` was given, the first that was.
void Merger::complain(const std::vector<std::string>& keys, std::string message, std::string help) {
  for (const std::string& key : keys) {
    if (!given(key)) continue;
    errors_.push_back({chosen_.at(key).place, std::move(message), std::move(help)});
    return;
  }
}

void Merger::check_pair(const std::string& one, const std::string& other, bool has_one, bool has_other) {
  if (has_one == has_other) return;
  complain({one, other}, (has_one ? one : other) + " needs " + (has_one ? other : one) + " beside it");
}

void Merger::check_drain() {
  const DrainOptions& drain = loaded_.options.drain;
  if (drain.delay + drain.spread <= drain.timeout) return;
  complain({"drain.timeout", "drain.spread", "drain.delay"},
           "drain.timeout (" + format_duration(drain.timeout) +
               ") is less than drain.delay and drain.spread together",
           "make it at least " + format_duration(drain.delay + drain.spread));
}

void Merger::check_redis_mode() {
  const RedisOptions& redis = loaded_.options.redis;
  const auto url = parse_redis_url(redis.url);
  if (!url) return;  // said already
  if (redis.mode == "sentinel" && redis.sentinel_master.empty()) {
    complain({"redis.sentinel_master", "redis.mode"},
             "redis.mode is \"sentinel\", but redis.sentinel_master is not set",
             "set it to the name in the sentinels' \"sentinel monitor\" line");
  }
  if (redis.mode == "single" && !url->more_hosts.empty()) {
    complain({"redis.url", "redis.mode"}, "redis.url names several hosts, but redis.mode is \"single\"",
             "set redis.mode to \"sentinel\" or \"cluster\"");
  }
  if (redis.mode != "single" && !url->unix_path.empty()) {
    complain({"redis.url", "redis.mode"}, "redis.mode \"" + redis.mode + "\" cannot go over a Unix socket");
  }
  if (redis.mode == "cluster" && url->database != 0) {
    complain({"redis.url", "redis.mode"}, "a Redis Cluster has no database but 0");
  }
}

void Merger::check_relations() {
  const Options& options = loaded_.options;
  if (options.instance.dead_after < 2 * options.instance.heartbeat_interval) {
    complain({"instance.dead_after", "instance.heartbeat_interval"},
             "instance.dead_after is less than two heartbeats of instance.heartbeat_interval");
  }
  if (options.redis.reconnect_min > options.redis.reconnect_max) {
    complain({"redis.reconnect_min", "redis.reconnect_max"},
             "redis.reconnect_min is above redis.reconnect_max");
  }
  if (options.publish.max_bytes > options.publish.max_batch_bytes) {
    complain({"publish.max_batch_bytes", "publish.max_bytes"},
             "publish.max_batch_bytes is below publish.max_bytes");
  }
  if (options.client.max_queue_bytes < 2 * options.publish.max_bytes) {
    complain({"client.max_queue_bytes", "publish.max_bytes"},
             "client.max_queue_bytes does not hold two messages of publish.max_bytes",
             "make client.max_queue_bytes at least " + format_bytes(2 * options.publish.max_bytes));
  }
  if (options.tls.self_signed && !options.tls.certificate_file.empty()) {
    complain({"tls.self_signed", "tls.certificate_file"},
             "tls.self_signed and tls.certificate_file exclude each other");
  }
}

void Merger::check() {
  const Options& options = loaded_.options;
  check_pair("tls.certificate_file", "tls.key_file", !options.tls.certificate_file.empty(),
             !options.tls.key_file.empty());
  check_pair("redis.tls_cert_file", "redis.tls_key_file", !options.redis.tls_cert_file.empty(),
             !options.redis.tls_key_file.empty());
  check_redis_mode();
  check_relations();
  check_drain();
}

}  // namespace

void merge(const std::vector<const Layer*>& layers, const Environment& environment, Loaded& loaded,
           std::vector<Diagnostic>& errors) {
  Merger merger(environment, loaded, errors);
  for (const Layer* layer : layers) merger.take(*layer);
  merger.apply();
  merger.derive();
  merger.check();
}

}  // namespace relay::options
