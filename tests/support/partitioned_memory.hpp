// Memory storage in several partitions, so that sessions can be tried over them without a Redis Cluster. A
// channel's partition is the sum of its name's bytes, modulo their number. Loop thread only.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "hub/storage.hpp"
#include "storage/memory/memory_storage.hpp"

namespace relay::test {

class PartitionedMemory final : public hub::Store {
 public:
  PartitionedMemory(net::IoLoop& loop, const Clock& clock, std::uint32_t partitions) {
    for (std::uint32_t i = 0; i < partitions; ++i) {
      parts_.push_back(
          std::make_unique<memory::MemoryStorage>(loop, std::make_shared<memory::MemoryStore>(clock)));
    }
  }

  void attach(std::uint32_t partition, hub::StorageEvents& events) override {
    parts_[partition]->attach(0, events);
  }
  std::uint32_t partitions() const override { return static_cast<std::uint32_t>(parts_.size()); }
  std::uint32_t partition_of(std::string_view channel) const override {
    std::uint32_t sum = 0;
    for (const char c : channel) sum += static_cast<unsigned char>(c);
    return sum % partitions();
  }
  hub::Storage& partition(std::uint32_t number) override { return *parts_[number]; }
  std::vector<hub::NodeHealth> health() const override { return parts_.front()->health(); }

 private:
  std::vector<std::unique_ptr<memory::MemoryStorage>> parts_;
};

}  // namespace relay::test
