#include "storage/redis/instance_records.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "base/text.hpp"
#include "storage/redis/scripts.hpp"

namespace relay::redis {
namespace {

using wire::RespValue;

const Script& list_script() {
  static const Script script(kInstanceListScript);
  return script;
}

std::int64_t to_number(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string rate_text(double rate) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", rate);
  return text;
}

// One row per member of a heartbeat: its name, and how it is written and read.
struct StatusRow {
  std::string_view name;
  bool is_text;
  std::string (*write)(const hub::InstanceStatus&);
  void (*read)(hub::InstanceStatus&, std::string_view);
};
constexpr StatusRow kStatusRows[] = {
    {"timestamp", false, [](const hub::InstanceStatus& s) { return std::to_string(s.timestamp_ms); },
     [](hub::InstanceStatus& s, std::string_view text) { s.timestamp_ms = to_number(text); }},
    {"clientCount", false, [](const hub::InstanceStatus& s) { return std::to_string(s.clients); },
     [](hub::InstanceStatus& s, std::string_view text) { s.clients = to_number(text); }},
    {"version", true, [](const hub::InstanceStatus& s) { return s.version; },
     [](hub::InstanceStatus& s, std::string_view text) { s.version = text; }},
    {"host", true, [](const hub::InstanceStatus& s) { return s.host; },
     [](hub::InstanceStatus& s, std::string_view text) { s.host = text; }},
    {"started", false, [](const hub::InstanceStatus& s) { return std::to_string(s.started_ms); },
     [](hub::InstanceStatus& s, std::string_view text) { s.started_ms = to_number(text); }},
    {"loops", false, [](const hub::InstanceStatus& s) { return std::to_string(s.loops); },
     [](hub::InstanceStatus& s, std::string_view text) { s.loops = to_number(text); }},
    {"draining", false,
     [](const hub::InstanceStatus& s) { return std::string(s.draining ? "true" : "false"); },
     [](hub::InstanceStatus& s, std::string_view text) { s.draining = text == "true"; }},
    {"publishedPerSecond", false,
     [](const hub::InstanceStatus& s) { return rate_text(s.published_per_second); },
     [](hub::InstanceStatus& s, std::string_view text) {
       s.published_per_second = std::atof(std::string(text).c_str());
     }},
    {"deliveredPerSecond", false,
     [](const hub::InstanceStatus& s) { return rate_text(s.delivered_per_second); },
     [](hub::InstanceStatus& s, std::string_view text) {
       s.delivered_per_second = std::atof(std::string(text).c_str());
     }},
};

void read_status(hub::InstanceStatus& status, const RespValue& fields) {
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    for (const StatusRow& row : kStatusRows) {
      if (row.name == fields[i].text()) row.read(status, fields[i + 1].text());
    }
  }
}

Sighting parse_sighting(const RespValue& row) {
  Sighting sighting;
  if (row.size() < 5) return sighting;
  sighting.status.id = row[0].text();
  sighting.heard_ms = to_number(row[1].text());
  sighting.silent_ms = to_number(row[2].text());
  sighting.held = static_cast<std::uint64_t>(row[3].integer());
  read_status(sighting.status, row[4]);
  return sighting;
}

}  // namespace

std::string held_field(const hub::PresenceChange& change) {
  return std::to_string(change.loop) + '.' + std::to_string(change.number) + '|' +
         std::string(change.channel.view());
}

std::string held_value(const hub::PresenceChange& change) {
  return change.joined() ? change.transport + ' ' + std::to_string(change.since_ms) : std::string();
}

HeldEntry parse_held(std::string_view instance, std::string_view field, std::string_view value) {
  const auto border = std::min(field.find('|'), field.size());
  return {parse_present(instance, field.substr(0, border), value),
          std::string(field.substr(std::min(border + 1, field.size())))};
}

hub::Present parse_present(std::string_view instance, std::string_view client, std::string_view value) {
  const auto border = std::min(value.find(' '), value.size());
  return {std::string(instance), std::string(instance) + '.' + std::string(client),
          std::string(value.substr(0, border)), to_number(value.substr(std::min(border + 1, value.size())))};
}

std::vector<std::pair<std::string, std::string>> status_fields(const hub::InstanceStatus& status) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const StatusRow& row : kStatusRows) fields.emplace_back(row.name, row.write(status));
  return fields;
}

std::string status_json(const hub::InstanceStatus& status) {
  std::string json = "{\"instance\":" + json_string(status.id);
  for (const StatusRow& row : kStatusRows) {
    const std::string value = row.write(status);
    json += ",\"" + std::string(row.name) + "\":" + (row.is_text ? json_string(value) : value);
  }
  return json + '}';
}

void list_instances(Executor& executor, const ListQuery& query, Milliseconds timeout,
                    std::function<void(Result<std::vector<Sighting>>)> done) {
  const Keyspace& keys = executor.keys(query.partition);
  std::vector<std::string> arguments = {std::to_string(query.limit), std::to_string(query.silent_for.count()),
                                        keys.held_prefix()};
  if (query.with_status) arguments.push_back(keys.instance_prefix());
  executor.call(
      query.partition, list_script(), {keys.instances()}, std::move(arguments),
      [done = std::move(done)](const Reply& reply) {
        if (auto error = call_error(reply)) return done(*error);
        std::vector<Sighting> found;
        for (std::size_t i = 0; i < reply.value->size(); ++i)
          found.push_back(parse_sighting((*reply.value)[i]));
        done(std::move(found));
      },
      timeout);
}

std::optional<Error> call_error(const Reply& reply) {
  if (reply.value == nullptr)
    return make_error(ErrorKind::kUnavailable, "storage_down", "Redis does not answer");
  if (!reply.value->is_error()) return {};
  return make_error(ErrorKind::kUnavailable, "storage_error",
                    "Redis answered: " + std::string(reply.value->text()));
}

}  // namespace relay::redis
