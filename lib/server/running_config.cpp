#include "server/running_config.hpp"

#include <utility>

#include "base/log.hpp"
#include "options/table.hpp"

namespace relay::server {
namespace {

// Where a value is from that an operator has set while relayd runs.
constexpr const char* kOverride = "relayctl config set";

// What a namespace does not say itself it has from [channel]; one that is there from the beginning says all.
void set_in_heirs(options::Loaded& loaded, const options::Row& row, const options::Value& value) {
  static const options::Options defaults;
  const std::string leaf(options::leaf_of(row.key));
  for (auto& [name, keep] : loaded.options.namespaces) {
    if (defaults.namespaces.contains(name)) continue;
    if (!loaded.origins.contains("namespace." + name + "." + leaf)) options::set(row, keep, value);
  }
}

// REQUIRES: the key is one of the table's, and the value of its row's type.
void set_key(options::Loaded& loaded, const std::string& key, const options::Value& value) {
  const options::Row& row = *options::find_key(key)->row;
  const auto parts = options::namespace_key(key);
  if (!parts) {
    options::set(row, loaded.options, value);
    if (options::section_of(row.key) == "channel") set_in_heirs(loaded, row, value);
    return;
  }
  const auto [keep, added] =
      loaded.options.namespaces.try_emplace(std::string(parts->name), loaded.options.channel);
  options::set(row, keep->second, value);
}

}  // namespace

RunningConfig::RunningConfig(options::Loaded loaded, std::function<options::LoadOutcome()> load_again,
                             Apply apply)
    : loaded_(std::move(loaded)), load_again_(std::move(load_again)), apply_(std::move(apply)) {}

Result<options::Changes> RunningConfig::reload() {
  options::LoadOutcome fresh = load_again_();
  if (fresh.exit_code != 0) return make_error(ErrorKind::kInvalid, "bad_config", fresh.errors);
  for (const auto& [key, value] : overrides_) {
    set_key(fresh.loaded, key, value);
    fresh.loaded.origins[key] = kOverride;
  }
  const options::Changes changes = options::compare(loaded_.options, fresh.loaded.options);
  options::Options next = options::reloaded(loaded_.options, fresh.loaded.options);
  if (const auto applied = apply_(next); !applied) return applied.error();
  loaded_.options = std::move(next);
  for (const std::string& key : changes.needs_restart) {
    const auto old = loaded_.origins.find(key);
    if (old == loaded_.origins.end()) {
      fresh.loaded.origins.erase(key);
    } else {
      fresh.loaded.origins[key] = old->second;
    }
  }
  loaded_.origins = std::move(fresh.loaded.origins);
  loaded_.files = std::move(fresh.loaded.files);
  return changes;
}

Result<options::Changes> RunningConfig::set(const std::string& key, const std::string& text) {
  const auto invalid = [](const char* code, std::string why) {
    return make_error(ErrorKind::kInvalid, code, std::move(why));
  };
  const auto match = options::find_key(key);
  if (!match || match->from_file) {
    const auto near = options::nearest(key, options::all_keys());
    return invalid("unknown_option",
                   "there is no option \"" + key + "\"" + (near ? ": did you mean \"" + *near + "\"?" : ""));
  }
  if (match->row->reload != options::Reload::kAtOnce) {
    return make_error(ErrorKind::kConflict, "needs_restart",
                      key + " cannot change while relayd runs: set it in relayd.toml and restart");
  }
  auto value = options::parse_value(*match->row, text);
  if (!value) return invalid("bad_value", key + ": " + value.error().message);
  options::Loaded fresh = loaded_;
  set_key(fresh, key, *value);
  const options::Changes changes = options::compare(loaded_.options, fresh.options);
  if (const auto applied = apply_(fresh.options); !applied) return applied.error();
  loaded_.options = std::move(fresh.options);
  loaded_.origins[key] = kOverride;
  overrides_[key] = std::move(*value);
  log::info("config.set", "an operator changed an option until the process ends", {{"key", key}});
  return changes;
}

}  // namespace relay::server
