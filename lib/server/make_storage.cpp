#include "server/make_storage.hpp"

#include "options/redis_url.hpp"
#include "storage/memory/memory_storage.hpp"
#include "storage/redis/redis_storage.hpp"

namespace relay::server {
namespace {

redis::RedisSettings redis_settings(const options::Options& options, const std::string& instance) {
  const options::RedisOptions& from = options.redis;
  redis::RedisSettings settings;
  settings.server = options::redis_target(from);
  settings.prefix = from.prefix;
  settings.instance = instance;
  settings.tls_ca_file = from.tls_ca_file;
  settings.tls_cert_file = from.tls_cert_file;
  settings.tls_key_file = from.tls_key_file;
  settings.connect_timeout = from.connect_timeout;
  settings.command_timeout = from.command_timeout;
  settings.publish_timeout = options.publish.timeout;
  settings.probe_interval = from.probe_interval;
  settings.reconnect_min = from.reconnect_min;
  settings.reconnect_max = from.reconnect_max;
  settings.max_record_bytes = static_cast<std::uint64_t>(options.publish.max_bytes);
  settings.max_pending_commands = static_cast<std::size_t>(from.max_pending_commands);
  settings.max_pending_bytes = static_cast<std::size_t>(from.max_pending_bytes);
  return settings;
}

std::unique_ptr<hub::Store> make_memory(const options::Options&, const StorageShared& shared,
                                        frontend::LoopContext& context) {
  return std::make_unique<memory::MemoryStorage>(context.loop, shared.memory);
}

std::unique_ptr<hub::Store> make_redis(const options::Options& options, const StorageShared&,
                                       frontend::LoopContext& context) {
  return std::make_unique<redis::RedisStorage>(context.loop, redis_settings(options, context.shared.instance_id),
                                               context.metrics);
}

struct Backend {
  std::string_view name;
  std::unique_ptr<hub::Store> (*make)(const options::Options&, const StorageShared&, frontend::LoopContext&);
};
constexpr Backend kBackends[] = {{"memory", make_memory}, {"redis", make_redis}};

}  // namespace

Result<StorageShared> prepare_storage(const options::Options& options, const Clock& clock) {
  StorageShared shared;
  if (options.storage == "memory") {
    shared.memory =
        std::make_shared<memory::MemoryStore>(clock, static_cast<std::size_t>(options.memory.max_inbox_bytes));
  }
  return shared;
}

std::unique_ptr<hub::Store> make_storage(const options::Options& options, const StorageShared& shared,
                                         frontend::LoopContext& context) {
  for (const Backend& backend : kBackends) {
    if (backend.name == options.storage) return backend.make(options, shared, context);
  }
  return nullptr;  // the options table knows the same names
}

}  // namespace relay::server
