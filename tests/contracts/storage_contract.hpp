// The sentences of hub/storage.hpp that hold for every backend, as sections of one Catch2 test case.
//
// A backend's test makes a Backend per section and calls check_storage_contract(). What only a store that can
// break shows (links lost, frozen, restored) stands in redis_faults_test.cpp.
#pragma once

#include <functional>
#include <memory>

#include "contracts/member.hpp"

namespace relay::test {

// One store that any number of loops share.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual MakeStorage maker() = 0;
  // From here on the store's clock reads less than the time of the last id: as if it had been set back by
  // `by`.
  virtual void set_clock_back(Milliseconds by) = 0;
};

void check_storage_contract(const std::function<std::unique_ptr<Backend>()>& make_backend);

}  // namespace relay::test
