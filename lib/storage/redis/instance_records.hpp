// What the registry keeps of instances, as values: presence entries, an instance's own description, and the
// list of who was heard when. Pure but for list_instances(), which is for the executor's thread. Layout:
// keyspace.hpp.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/registry.hpp"
#include "storage/redis/executor.hpp"

namespace relay::redis {

// An entry of P:held:<id>: field "<loop>.<number>|<channel>", value "<transport> <since ms>".
std::string held_field(const hub::PresenceChange& change);
std::string held_value(const hub::PresenceChange& change);  // empty for one who left

// Somebody as he stands in P:held:<instance>, and where.
struct HeldEntry {
  hub::Present who;
  std::string channel;
};
HeldEntry parse_held(std::string_view instance, std::string_view field, std::string_view value);
// The same from P:subs:C, where the client alone is named.
hub::Present parse_present(std::string_view instance, std::string_view client, std::string_view value);

// The fields of P:instance:<id>, and the same as the JSON that is announced.
std::vector<std::pair<std::string, std::string>> status_fields(const hub::InstanceStatus& status);
std::string status_json(const hub::InstanceStatus& status);

struct Sighting {
  hub::InstanceStatus status;  // the id alone, unless asked for and kept
  std::int64_t heard_ms = 0;   // Redis's clock
  std::int64_t silent_ms = 0;
  std::uint64_t held = 0;  // presence entries in this partition
};
struct ListQuery {
  std::uint32_t partition = 0;
  Milliseconds silent_for{0};  // at least
  std::uint32_t limit = 1000;
  bool with_status = false;  // kept in partition 0
};
void list_instances(Executor& executor, const ListQuery& query, Milliseconds timeout,
                    std::function<void(Result<std::vector<Sighting>>)> done);

// Why a call brought no data, as kUnavailable; nothing if it did.
std::optional<Error> call_error(const Reply& reply);

}  // namespace relay::redis
