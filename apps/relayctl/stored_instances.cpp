#include "stored_instances.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "base/text.hpp"

namespace relay::ctl {
namespace {

constexpr std::uint32_t kMostInstances = 100'000;

// relayd says the same when it purges.
void tell_leaving(Stored& stored, const redis::HeldEntry& entry, std::size_t& waiting) {
  hub::AppendRequest request;
  const std::string channel = std::string(hub::kPresencePrefix) + entry.channel;
  request.draft.channel = hub::ChannelName::copy_of(channel);
  request.draft.event = "leave";
  request.draft.data = Json{{"clientId", entry.who.client_id}, {"instance", entry.who.instance}}.dump();
  request.draft.is_json = true;
  ++waiting;
  stored.store()
      .partition(stored.partition_of(entry.channel))
      .append(std::move(request), [&waiting](const Result<hub::Appended>&) {
        --waiting;  // as good as any ephemeral message
      });
}

}  // namespace

Outcome<std::vector<StoredInstance>> read_instances(Stored& stored) {
  std::map<std::string, StoredInstance> all;
  std::optional<Error> failure;
  std::size_t waiting = stored.partitions();
  for (std::uint32_t i = 0; i < stored.partitions(); ++i) {
    redis::ListQuery query;
    query.partition = i;
    query.limit = kMostInstances;
    query.with_status = i == 0;
    redis::list_instances(
        stored.store(), query, stored.timeout(), [&, i](Result<std::vector<redis::Sighting>> found) {
          --waiting;
          if (!found) {
            failure = found.error();
            return;
          }
          for (redis::Sighting& sighting : *found) {
            const auto [at, is_new] = all.try_emplace(sighting.status.id);
            StoredInstance& instance = at->second;
            instance.silent_ms =
                is_new ? sighting.silent_ms : std::min(instance.silent_ms, sighting.silent_ms);
            instance.entries += sighting.held;
            if (i == 0 || is_new) instance.status = std::move(sighting.status);
          }
        });
  }
  stored.turn_until([&] { return waiting == 0; });
  if (failure) return failure_of(*failure, "the registry at " + stored.where() + " cannot be read");
  std::vector<StoredInstance> instances;
  for (auto& [id, instance] : all) instances.push_back(std::move(instance));
  return instances;
}

Json instance_row(const StoredInstance& instance, Milliseconds dead_after) {
  const hub::InstanceStatus& status = instance.status;
  const bool known = status.started_ms != 0;
  const auto if_known = [known](Json value) { return known ? std::move(value) : Json(); };
  return {{"instance", repair_utf8(status.id)},
          {"state", instance.silent_ms >= dead_after.count() ? "dead"
                    : status.draining                        ? "draining"
                                                             : "alive"},
          {"silent_ms", instance.silent_ms},
          {"clients", if_known(status.clients)},
          {"published_per_second", if_known(status.published_per_second)},
          {"delivered_per_second", if_known(status.delivered_per_second)},
          {"version", if_known(repair_utf8(status.version))},
          {"host", if_known(repair_utf8(status.host))},
          {"started", if_known(rfc3339(status.started_ms))},
          {"loops", if_known(status.loops)},
          {"here", false}};
}

Outcome<redis::PurgeReport> purge_instances(Stored& stored, std::vector<std::string> only,
                                            Milliseconds dead_after) {
  redis::PurgeSettings settings;
  settings.dead_after = dead_after;
  settings.timeout = stored.timeout();
  settings.only = std::move(only);
  std::optional<redis::PurgeReport> report;
  redis::purge_dead(stored.store(), std::move(settings),
                    [&](redis::PurgeReport done) { report = std::move(done); });
  stored.turn_until([&] { return report.has_value(); });
  std::size_t waiting = 0;
  for (const redis::HeldEntry& entry : report->heard) {
    tell_leaving(stored, entry, waiting);
    stored.turn_until([&] { return waiting < 200; });
  }
  stored.turn_until([&] { return waiting == 0; });
  return std::move(*report);
}

}  // namespace relay::ctl
