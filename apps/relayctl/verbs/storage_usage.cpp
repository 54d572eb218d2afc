#include "verbs/storage_usage.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.hpp"
#include "stored.hpp"
#include "stored_keys.hpp"

namespace relay::ctl {
namespace {

constexpr auto kKinds = static_cast<std::size_t>(KeyKind::kForeign) + 1;

struct Use {
  std::int64_t keys = 0;
  std::int64_t memory = 0;
};
struct Usage {
  std::array<Use, kKinds> kinds{};
  std::map<std::string, Use> channels;
};

bool is_of_channel(KeyKind kind) {
  return kind == KeyKind::kLog || kind == KeyKind::kLast || kind == KeyKind::kBytes || kind == KeyKind::kSubs;
}

Outcome<Usage> read_usage(Stored& stored) {
  Usage usage;
  const auto walked = walk_keys(stored, [&](const std::string& key, const KeyName& name) {
    Use* const channel = is_of_channel(name.kind) ? &usage.channels[name.rest] : nullptr;
    Use& kind = usage.kinds[static_cast<std::size_t>(name.kind)];
    if (name.kind == KeyKind::kForeign) return;  // of another layout perhaps: its node is not known
    stored.try_ask(name.partition, {"MEMORY", "USAGE", key}, [&kind, channel](const wire::RespValue& bytes) {
      if (bytes.is_error() || bytes.is_nil()) return;  // gone meanwhile
      for (Use* const use : {&kind, channel}) {
        if (use == nullptr) continue;
        ++use->keys;
        use->memory += bytes.integer();
      }
    });
  });
  if (!walked) return walked.error();
  return usage;
}

std::vector<Json> rows_by_kind(const Usage& usage) {
  std::vector<Json> rows;
  for (std::size_t i = 0; i < kKinds; ++i) {
    if (usage.kinds[i].keys == 0) continue;
    rows.push_back({{"what", name_of(static_cast<KeyKind>(i))},
                    {"keys", usage.kinds[i].keys},
                    {"memory", usage.kinds[i].memory}});
  }
  return rows;
}

std::vector<Json> rows_by_channel(const Usage& usage, std::int64_t top) {
  std::vector<Json> rows;
  for (const auto& [channel, use] : usage.channels) {
    rows.push_back({{"what", repair_utf8(channel)}, {"keys", use.keys}, {"memory", use.memory}});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Json& a, const Json& b) { return a["memory"] > b["memory"]; });
  if (rows.size() > static_cast<std::size_t>(top)) rows.resize(static_cast<std::size_t>(top));
  return rows;
}

Outcome<void> show_usage(Context& context) {
  const auto top = context.arguments.count("--top", 0, 1, INT32_MAX);
  if (!top) return top.error();
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  const auto usage = read_usage(**stored);
  if (!usage) return usage.error();
  return context.output.rows(context.columns(),
                             *top > 0 ? rows_by_channel(*usage, *top) : rows_by_kind(*usage));
}

}  // namespace

Form storage_usage_form() {
  return {.flags = {{"--top", "N", "the N channels that take most"}},
          .text =
              "By kind of key (relay-redis(7) names them), or with --top by channel: its log, what stands "
              "beside it, and\n"
              "its presence. As MEMORY USAGE estimates it.\n",
          .columns = {{"what", "WHAT", Kind::kText, Show::kAlways, "kind of key, or channel"},
                      {"keys", "KEYS", Kind::kNumber, Show::kAlways, "of it"},
                      {"memory", "MEMORY", Kind::kBytes, Show::kAlways, "that they take in Redis"}}};
}
int storage_usage(Context& context) {
  return context.finish(show_usage(context));
}

}  // namespace relay::ctl
