// One row per storage backend: the only place that knows them all. Before the loops run.
#pragma once

#include <memory>
#include <string>

#include "frontend/context.hpp"
#include "hub/registry.hpp"
#include "hub/storage.hpp"
#include "storage/memory/memory_store.hpp"

namespace relay::server {

// What the loops of a backend share.
struct StorageShared {
  std::shared_ptr<memory::MemoryStore> memory;  // memory only
};

// Checks the options for the backend, files that they name included, and makes what its loops share. Connects
// to nothing.
Result<StorageShared> prepare_storage(const options::Options& options, const Clock& clock);

std::unique_ptr<hub::Store> make_storage(const options::Options& options, const StorageShared& shared,
                                         frontend::LoopContext& context);

// The registry of all instances, over the store of the first loop. REQUIRES: `home` and `events` outlive it.
std::unique_ptr<hub::Registry> make_registry(const options::Options& options, const StorageShared& shared,
                                             frontend::LoopContext& home, hub::RegistryEvents& events);

}  // namespace relay::server
