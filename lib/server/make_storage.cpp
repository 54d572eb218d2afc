#include "server/make_storage.hpp"

#include <algorithm>
#include <iterator>

#include "options/redis_url.hpp"
#include "storage/memory/memory_storage.hpp"
#include "storage/redis/redis_storage.hpp"
#include "storage/redis/stream.hpp"

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

Result<StorageShared> prepare_memory(const options::Options& options, const Clock& clock) {
  StorageShared shared;
  shared.memory =
      std::make_shared<memory::MemoryStore>(clock, static_cast<std::size_t>(options.memory.max_inbox_bytes));
  return shared;
}

// A stream that is never connected has loaded what it would need for TLS.
Result<StorageShared> prepare_redis(const options::Options& options, const Clock&) {
  boost::asio::io_context context;
  const auto stream = redis::make_stream(context, redis_settings(options, {}));
  if (!stream) return stream.error();
  return StorageShared{};
}

struct Backend {
  std::string_view name;
  Result<StorageShared> (*prepare)(const options::Options&, const Clock&);
  std::unique_ptr<hub::Store> (*make)(const options::Options&, const StorageShared&, frontend::LoopContext&);
};
constexpr Backend kBackends[] = {{"memory", prepare_memory, make_memory}, {"redis", prepare_redis, make_redis}};

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

}  // namespace relay::server
