#include "redis_info.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/bytes.hpp"
#include "cli/interrupt.hpp"

namespace relay::ctl {
namespace {

double milliseconds_since(SteadyTime begin) {
  return std::chrono::duration<double, std::milli>(system_clock().steady() - begin).count();
}

std::int64_t to_number(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// "name:value" lines.
void take_info(NodeInfo& into, std::string_view text) {
  for (const std::string_view line : split(text, '\n')) {
    const auto colon = line.find(':');
    if (colon != line.npos) into.fields.emplace(line.substr(0, colon), trim(line.substr(colon + 1)));
  }
}

// Asked alone, so that the round trip is one.
Outcome<void> read_clock(Stored& stored, NodeInfo& into) {
  const SteadyTime begin = system_clock().steady();
  const std::int64_t asked = system_clock().wall_ms();
  stored.ask_node(into.node, {"TIME"}, [&](const wire::RespValue& time) {
    into.round_trip_ms = milliseconds_since(begin);
    if (time.size() != 2) return;
    const double redis_ms = static_cast<double>(to_number(time[0].text())) * 1000 +
                            static_cast<double>(to_number(time[1].text())) / 1000;
    into.clock_offset_ms = redis_ms - static_cast<double>(asked) - into.round_trip_ms / 2;
  });
  return stored.settle();
}

}  // namespace

std::string NodeInfo::text(std::string_view field) const {
  const auto found = fields.find(field);
  return found == fields.end() ? std::string() : found->second;
}
std::int64_t NodeInfo::number(std::string_view field) const {
  return to_number(text(field));
}
std::string NodeInfo::setting(std::string_view name) const {
  const auto found = settings.find(name);
  return found == settings.end() ? std::string() : found->second;
}
std::string NodeInfo::version() const {
  const std::string valkey = text("valkey_version");
  return valkey.empty() ? text("redis_version") : "valkey " + valkey;
}

Outcome<std::vector<NodeInfo>> read_info(Stored& stored) {
  std::vector<NodeInfo> all;
  for (std::string& node : stored.nodes()) {
    NodeInfo& info = all.emplace_back();
    info.node = std::move(node);
  }
  for (NodeInfo& info : all) {
    stored.try_ask_node(info.node, {"INFO", "everything"},
                        [&info](const wire::RespValue& text) { take_info(info, text.text()); });
    for (const char* name :
         {"maxmemory-policy", "appendfsync", "appendonly", "maxmemory", "client-output-buffer-limit"}) {
      stored.try_ask_node(info.node, {"CONFIG", "GET", name}, [&info](const wire::RespValue& pair) {
        if (pair.size() == 2) info.settings.emplace(pair[0].text(), pair[1].text());
      });
    }
    stored.try_ask_node(info.node, {"DBSIZE"}, [&info](const wire::RespValue& count) {
      if (!count.is_error()) info.keys = count.integer();
    });
    if (const auto settled = stored.settle(); !settled) return settled.error();
    if (const auto read = read_clock(stored, info); !read) return read.error();
  }
  return all;
}

Outcome<std::vector<double>> ping_node(Stored& stored, const std::string& node, std::int64_t count,
                                       Milliseconds pause) {
  std::vector<double> times;
  for (std::int64_t i = 0; i < count; ++i) {
    if (i > 0 && !pause_for(pause)) break;
    const SteadyTime begin = system_clock().steady();
    stored.ask_node(node, {"PING"},
                    [&](const wire::RespValue&) { times.push_back(milliseconds_since(begin)); });
    if (const auto settled = stored.settle(); !settled) return settled.error();
  }
  return times;
}

double percentile(const std::vector<double>& sorted, double percent) {
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

}  // namespace relay::ctl
