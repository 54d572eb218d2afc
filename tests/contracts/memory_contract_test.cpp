#include "storage/memory/memory_storage.hpp"

#include <atomic>

#include "contracts/storage_contract.hpp"
#include "support/catch.hpp"

namespace relay::test {
namespace {

class ShiftedClock final : public Clock {
 public:
  std::int64_t wall_ms() const override { return system_clock().wall_ms() + shift_ms_; }
  SteadyTime steady() const override { return system_clock().steady(); }
  void shift(Milliseconds by) { shift_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> shift_ms_{0};
};

class MemoryBackend final : public Backend {
 public:
  MakeStorage maker() override {
    return [this](net::IoLoop& loop, hub::StorageEvents& events, metrics::LoopMetrics&) {
      return std::make_unique<memory::MemoryStorage>(loop, store_, events);
    };
  }
  void set_clock_back(Milliseconds by) override { clock_.shift(-by); }

 private:
  ShiftedClock clock_;
  std::shared_ptr<memory::MemoryStore> store_ = std::make_shared<memory::MemoryStore>(clock_);
};

TEST_CASE("memory keeps the storage contract") {
  check_storage_contract([] { return std::make_unique<MemoryBackend>(); });
}

}  // namespace
}  // namespace relay::test
