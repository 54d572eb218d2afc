#include "server/make_storage.hpp"

#include <algorithm>
#include <iterator>

#include "storage/memory/memory_registry.hpp"
#include "storage/memory/memory_storage.hpp"
#include "storage/redis/instance_registry.hpp"
#include "storage/redis/redis_store.hpp"
#include "storage/redis/stream.hpp"

namespace relay::server {
namespace {

std::unique_ptr<hub::Store> make_memory(const options::Options&, const StorageShared& shared,
                                        frontend::LoopContext& context) {
  return std::make_unique<memory::MemoryStorage>(context.loop, shared.memory);
}

std::unique_ptr<hub::Store> make_redis(const options::Options& options, const StorageShared&,
                                       frontend::LoopContext& context) {
  return std::make_unique<redis::RedisStore>(
      context.loop, redis::settings_of(options, context.shared.instance_id), context.metrics);
}

std::unique_ptr<hub::Registry> make_memory_registry(const options::Options&, const StorageShared& shared,
                                                    frontend::LoopContext& home,
                                                    hub::RegistryEvents& events) {
  return std::make_unique<memory::MemoryRegistry>(home.loop.clock(), shared.memory, events);
}

std::unique_ptr<hub::Registry> make_redis_registry(const options::Options& options, const StorageShared&,
                                                   frontend::LoopContext& home, hub::RegistryEvents& events) {
  redis::RegistrySettings settings;
  settings.instance = home.shared.instance_id;
  settings.dead_after = options.instance.dead_after;
  settings.timeout = options.redis.command_timeout;
  auto& store = static_cast<redis::RedisStore&>(*home.storage);  // make_redis() made it
  return std::make_unique<redis::InstanceRegistry>(store, std::move(settings), events, home.metrics);
}

Result<StorageShared> prepare_memory(const options::Options& options, const Clock& clock) {
  StorageShared shared;
  shared.memory =
      std::make_shared<memory::MemoryStore>(clock, static_cast<std::size_t>(options.memory.max_inbox_bytes));
  return shared;
}

// A stream that is never connected has loaded what it would need for TLS.
Result<StorageShared> prepare_redis(const options::Options& options, const Clock&) {
  boost::asio::io_context context;
  const auto stream = redis::make_stream(context, redis::settings_of(options, {}));
  if (!stream) return stream.error();
  return StorageShared{};
}

struct Backend {
  std::string_view name;
  Result<StorageShared> (*prepare)(const options::Options&, const Clock&);
  std::unique_ptr<hub::Store> (*make)(const options::Options&, const StorageShared&, frontend::LoopContext&);
  std::unique_ptr<hub::Registry> (*make_registry)(const options::Options&, const StorageShared&,
                                                  frontend::LoopContext&, hub::RegistryEvents&);
};
constexpr Backend kBackends[] = {{"memory", prepare_memory, make_memory, make_memory_registry},
                                 {"redis", prepare_redis, make_redis, make_redis_registry}};

// REQUIRES: a name that the options table knows.
const Backend& backend_of(const options::Options& options) {
  return *std::find_if(std::begin(kBackends), std::end(kBackends),
                       [&](const Backend& backend) { return backend.name == options.storage; });
}

}  // namespace

Result<StorageShared> prepare_storage(const options::Options& options, const Clock& clock) {
  return backend_of(options).prepare(options, clock);
}

std::unique_ptr<hub::Store> make_storage(const options::Options& options, const StorageShared& shared,
                                         frontend::LoopContext& context) {
  return backend_of(options).make(options, shared, context);
}

std::unique_ptr<hub::Registry> make_registry(const options::Options& options, const StorageShared& shared,
                                             frontend::LoopContext& home, hub::RegistryEvents& events) {
  return backend_of(options).make_registry(options, shared, home, events);
}

}  // namespace relay::server
