#include "stored_keys.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace relay::ctl {
namespace {

constexpr std::string_view kScanStep = "500";
constexpr std::size_t kInFlight = 500;

constexpr std::array<std::string_view, 15> kNames{"seq",      "epoch", "history", "forks",       "layout",
                                                  "log",      "last",  "bytes",   "idempotency", "instances",
                                                  "instance", "held",  "subs",    "lease",       "foreign"};

// Walks the keys of one node that match. A row may come twice.
Outcome<void> scan(Stored& stored, const std::string& node, const std::string& match,
                   const std::function<void(std::string_view)>& on_key) {
  std::string cursor = "0";
  do {
    stored.ask_node(node, {"SCAN", cursor, "MATCH", match, "COUNT", std::string(kScanStep)},
                    [&](const wire::RespValue& answer) {
                      if (answer.size() != 2) return;
                      cursor = answer[0].text();
                      const wire::RespValue keys = answer[1];
                      for (std::size_t i = 0; i < keys.size(); ++i) on_key(keys[i].text());
                    });
    if (const auto settled = stored.settle(); !settled) return settled.error();
  } while (cursor != "0");
  return {};
}

// "relay:log:" of one partition as a pattern for all of them.
std::string pattern_of(const Stored& stored, const std::string& begin) {
  const std::string prefix = stored.settings().prefix;
  if (stored.partitions() == 1 && !begin.starts_with(prefix + ":{")) return glob_escape(begin);
  const std::string rest = begin.substr(begin.find('}', prefix.size()) + 1);
  return glob_escape(prefix) + ":{*}" + glob_escape(rest);
}

std::string begin_of(const redis::Keyspace& keys, KeyKind kind) {
  return kind == KeyKind::kLast ? keys.last("") : kind == KeyKind::kBytes ? keys.bytes("") : keys.log("");
}

}  // namespace

std::string_view name_of(KeyKind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

std::string glob_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("*?[]\\^").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

KeyNames::KeyNames(const Stored& stored) {
  for (std::uint32_t i = 0; i < stored.partitions(); ++i) {
    const redis::Keyspace& keys = stored.keys(i);
    const std::string idempotency = keys.idempotency("", "");
    const auto add = [&](std::string name, KeyKind kind, bool whole) {
      places_.emplace(std::move(name), Place{i, kind, whole});
    };
    add(keys.seq(), KeyKind::kSeq, true);
    add(keys.epoch(), KeyKind::kEpoch, true);
    add(keys.history(), KeyKind::kHistory, true);
    add(keys.forks(), KeyKind::kForks, true);
    add(keys.layout(), KeyKind::kLayout, true);
    add(keys.instances(), KeyKind::kInstances, true);
    add(keys.purge_lease(), KeyKind::kLease, true);
    add(keys.log(""), KeyKind::kLog, false);
    add(keys.last(""), KeyKind::kLast, false);
    add(keys.bytes(""), KeyKind::kBytes, false);
    add(idempotency.substr(0, idempotency.rfind(':')), KeyKind::kIdempotency, false);
    add(keys.instance(""), KeyKind::kInstance, false);
    add(keys.held(""), KeyKind::kHeld, false);
    add(keys.subs(""), KeyKind::kSubs, false);
  }
}

// No place continues another, so the greatest that is not behind the key is the only one it can begin with.
KeyName KeyNames::parse(std::string_view key) const {
  const auto at = places_.lower_bound(key);
  if (at == places_.end() || !key.starts_with(at->first)) return {};
  const std::string_view rest = key.substr(at->first.size());
  if (rest.empty() != at->second.whole) return {};
  return {at->second.kind, at->second.partition, std::string(rest)};
}

Outcome<void> walk_keys(Stored& stored,
                        const std::function<void(const std::string&, const KeyName&)>& on_key) {
  const KeyNames names(stored);
  const std::string match = glob_escape(stored.settings().prefix) + ":*";
  for (const std::string& node : stored.nodes()) {
    std::set<std::string, std::less<>> seen;
    std::vector<std::string> found;
    const auto scanned = scan(stored, node, match, [&](std::string_view key) {
      if (seen.emplace(key).second) found.emplace_back(key);
    });
    if (!scanned) return scanned.error();
    for (const std::string& key : found) {
      on_key(key, names.parse(key));
      if (const auto settled = stored.settle(kInFlight); !settled) return settled.error();
    }
  }
  return stored.settle();
}

Outcome<std::vector<LogName>> find_channels(Stored& stored, std::string_view pattern, KeyKind kind) {
  const KeyNames names(stored);
  const std::string match =
      pattern_of(stored, begin_of(stored.keys(0), kind)) + (pattern.empty() ? "*" : std::string(pattern));
  std::map<std::string, std::uint32_t> found;
  for (const std::string& node : stored.nodes()) {
    const auto scanned = scan(stored, node, match, [&](std::string_view key) {
      KeyName name = names.parse(key);
      if (name.kind == kind) found.emplace(std::move(name.rest), name.partition);
    });
    if (!scanned) return scanned.error();
  }
  std::vector<LogName> channels;
  channels.reserve(found.size());
  for (auto& [channel, partition] : found) channels.push_back({channel, partition});
  return channels;
}

}  // namespace relay::ctl
