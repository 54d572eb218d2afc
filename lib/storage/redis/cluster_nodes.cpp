#include "storage/redis/cluster_nodes.hpp"

#include <charconv>
#include <optional>

#include "storage/redis/refusal.hpp"
#include "storage/redis/slots.hpp"

namespace relay::redis {
namespace {

// Takes the text up to `border` off the front.
std::string_view cut(std::string_view& text, char border) {
  const auto at = text.find(border);
  const std::string_view head = text.substr(0, at);
  text = at == text.npos ? std::string_view() : text.substr(at + 1);
  return head;
}

std::optional<std::uint64_t> to_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

bool has_flag(std::string_view flags, std::string_view wanted) {
  while (!flags.empty()) {
    if (cut(flags, ',') == wanted) return true;
  }
  return false;
}

void take_slots(std::string_view text, ClusterNode& node) {
  if (text.starts_with('[')) return;
  const auto first = to_number(cut(text, '-'));
  const auto last = text.empty() ? first : to_number(text);
  if (!first || !last || *first > *last || *last >= kSlots) return;
  node.slots.emplace_back(static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*last));
}

std::optional<ClusterNode> parse_line(std::string_view line) {
  ClusterNode node;
  cut(line, ' ');
  std::string_view names = cut(line, ' ');
  Redirect place = parse_place(cut(names, '@'));
  cut(names, ',');  // the port of the cluster's own bus
  node.host = std::move(place.host);
  node.port = place.port;
  node.hostname = cut(names, ',');
  if (node.hostname.find('=') != std::string::npos)
    node.hostname.clear();  // "shard-id=..." of later releases
  const std::string_view flags = cut(line, ' ');
  node.is_master = has_flag(flags, "master");
  node.is_failed = has_flag(flags, "fail") || has_flag(flags, "noaddr") || node.port == 0;
  for (int i = 0; i < 3; ++i) cut(line, ' ');
  const auto epoch = to_number(cut(line, ' '));
  if (!epoch) return std::nullopt;
  node.epoch = *epoch;
  cut(line, ' ');
  while (!line.empty()) take_slots(cut(line, ' '), node);
  return node;
}

}  // namespace

std::vector<ClusterNode> parse_cluster_nodes(std::string_view text) {
  std::vector<ClusterNode> nodes;
  while (!text.empty()) {
    std::string_view line = cut(text, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (auto node = parse_line(line)) nodes.push_back(std::move(*node));
  }
  return nodes;
}

}  // namespace relay::redis
