#include "options/reload.hpp"

#include <set>

#include "options/table.hpp"

namespace relay::options {
namespace {

const ChannelKeep& keep_of(const Options& options, const std::string& name) {
  const auto found = options.namespaces.find(name);
  return found == options.namespaces.end() ? options.channel : found->second;
}

void compare_namespace(const std::string& name, const Options& running, const Options& fresh,
                       Changes& changes) {
  for (const Row& row : rows()) {
    if (section_of(row.key) != "channel") continue;
    if (get(row, keep_of(running, name)) == get(row, keep_of(fresh, name))) continue;
    changes.applied.push_back("namespace." + name + "." + std::string(leaf_of(row.key)));
  }
}

}  // namespace

Changes compare(const Options& running, const Options& fresh) {
  Changes changes;
  for (const Row& row : rows()) {
    if (get(row, running) == get(row, fresh)) continue;
    auto& keys = row.reload == Reload::kAtOnce ? changes.applied : changes.needs_restart;
    keys.emplace_back(row.key);
  }
  std::set<std::string> names;
  for (const auto& [name, keep] : running.namespaces) names.insert(name);
  for (const auto& [name, keep] : fresh.namespaces) names.insert(name);
  for (const std::string& name : names) compare_namespace(name, running, fresh, changes);
  return changes;
}

Options reloaded(const Options& running, const Options& fresh) {
  Options result = running;
  for (const Row& row : rows()) {
    if (row.reload == Reload::kAtOnce) set(row, result, get(row, fresh));
  }
  result.namespaces = fresh.namespaces;
  return result;
}

}  // namespace relay::options
