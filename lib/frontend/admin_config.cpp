// /admin/v1/config and /admin/v1/log: the settings in effect, and changing what may change while running.
#include "frontend/admin_handlers.hpp"
#include "frontend/admin_json.hpp"
#include "frontend/admin_state.hpp"
#include "frontend/operations.hpp"
#include "frontend/parameters.hpp"
#include "options/redis_url.hpp"
#include "options/table.hpp"

namespace relay::frontend {
namespace {

using options::Row;

Json secret_json(const options::Value& value) {
  if (const auto* entries = std::get_if<options::List>(&value)) return options::List(entries->size(), "***");
  return std::get<std::string>(value).empty() ? "" : "***";
}

// The value as JSON; secrets as "***".
Json value_json(const Row& row, const options::Value& value) {
  if (row.secrecy == options::Secrecy::kUrl) return options::mask_redis_url(std::get<std::string>(value));
  if (row.secrecy == options::Secrecy::kSecret) return secret_json(value);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* time = std::get_if<Milliseconds>(&value)) return options::format_duration(*time);
  return std::get<options::List>(value);
}

Json row_json(const Row& row, const std::string& key, const options::Value& value,
              const options::Origins& origins) {
  const auto origin = origins.find(key);
  return {{"key", key},
          {"value", value_json(row, value)},
          {"origin", origin == origins.end() ? "default" : origin->second},
          {"reload", row.reload == options::Reload::kAtOnce ? "at_once" : "restart"}};
}

Json config_json(const EffectiveConfig& config) {
  Json rows = Json::array();
  for (const Row& row : options::rows()) {
    rows.push_back(row_json(row, std::string(row.key), options::get(row, config.options), config.origins));
  }
  for (const auto& [name, keep] : config.options.namespaces) {
    for (const Row& row : options::rows()) {
      if (options::section_of(row.key) != "channel") continue;
      const std::string key = "namespace." + name + "." + std::string(options::leaf_of(row.key));
      rows.push_back(row_json(row, key, options::get(row, keep), config.origins));
    }
  }
  return {{"files", config.files}, {"options", std::move(rows)}};
}

Json changes_json(const options::Changes& changes) {
  return {{"applied", changes.applied}, {"needs_restart", changes.needs_restart}};
}

// Brings what the main thread answers back to the exchange's loop. The exchange goes along, so that it ends
// there.
template <class T>
Done<T> back_on_loop(const ExchangePtr& exchange, Json (*to_json)(const T&)) {
  return [exchange, to_json](Result<T> result) mutable {
    net::IoLoop& loop = exchange->context().loop;
    loop.post([exchange = std::move(exchange), to_json, result = std::move(result)] {
      if (!result) return answer(*exchange, result.error());
      answer(*exchange, to_json(*result));
    });
  };
}

constexpr std::pair<std::string_view, log::Level> kLevels[] = {{"debug", log::Level::kDebug},
                                                               {"info", log::Level::kInfo},
                                                               {"warning", log::Level::kWarning},
                                                               {"error", log::Level::kError}};

std::string_view name_of(log::Level level) {
  for (const auto& [name, known] : kLevels) {
    if (known == level) return name;
  }
  return {};
}

std::optional<log::Level> level_named(std::string_view name) {
  for (const auto& [known, level] : kLevels) {
    if (known == name) return level;
  }
  return {};
}

Json log_json(const LoopContext& context) {
  const auto left = context.shared.admin->log_level_left_ms(context.loop.now_ms());
  return {{"level", name_of(log::level())},
          {"configured", context.settings->options.log.level},
          {"falls_back_ms", left ? Json(*left) : Json()}};
}

}  // namespace

void handle_admin_config(const ExchangePtr& exchange) {
  exchange->context().shared.operations->config(back_on_loop<EffectiveConfig>(exchange, config_json));
}

void handle_admin_config_reload(const ExchangePtr& exchange) {
  exchange->context().shared.operations->reload(back_on_loop<options::Changes>(exchange, changes_json));
}

void handle_admin_config_set(const ExchangePtr& exchange) {
  const auto body = read_body(*exchange);
  if (!body) return answer(*exchange, body.error());
  const auto key = text_member(*body, "key");
  const auto value = text_member(*body, "value");
  if (!key || !value) return answer(*exchange, !key ? key.error() : value.error());
  if (!*key || !*value) {
    return answer(*exchange, make_error(ErrorKind::kInvalid, "bad_body",
                                        "\"key\" and \"value\" are needed, as strings"));
  }
  exchange->context().shared.operations->set_option(**key, **value,
                                                    back_on_loop<options::Changes>(exchange, changes_json));
}

void handle_admin_log(const ExchangePtr& exchange) {
  answer(*exchange, log_json(exchange->context()));
}

void handle_admin_set_log(const ExchangePtr& exchange) {
  const LoopContext& context = exchange->context();
  const auto body = read_body(*exchange);
  if (!body) return answer(*exchange, body.error());
  const auto name = text_member(*body, "level");
  if (!name) return answer(*exchange, name.error());
  const auto level = level_named(name->value_or(""));
  if (!level)
    return answer(*exchange, make_error(ErrorKind::kInvalid, "bad_level",
                                        "level must be debug, info, warning or error"));
  const auto time = number_member(*body, "for_ms", 24 * 3'600'000LL);
  if (!time) return answer(*exchange, time.error());
  const auto fallback = *time ? std::optional<Milliseconds>(**time) : std::nullopt;
  context.shared.admin->set_log_level(*level, fallback, context.loop.now_ms());
  answer(*exchange, log_json(context));
}

}  // namespace relay::frontend
