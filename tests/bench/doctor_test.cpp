#include "commands/doctor.hpp"

#include <algorithm>

#include "support/catch.hpp"

namespace {

using namespace relay::bench;

Plan plan_of(std::uint32_t subscribers, std::uint32_t processes) {
  Plan plan;
  plan.shape.subscribers = subscribers;
  plan.shape.publishers = 10;
  plan.processes = processes;
  return plan;
}

Machine sound() {
  Machine machine;
  machine.descriptors = 20'000;
  machine.descriptors_most = 20'000;
  machine.cores = 4;
  machine.load = 0.1;
  machine.clock_source = "tsc";
  machine.memory_bytes = std::int64_t{8} << 30;
  return machine;
}

std::string fixes(const Machine& machine, const Plan& plan) {
  std::string out;
  for (const Finding& finding : examine(machine, plan)) {
    CHECK(finding.fine == finding.fix.empty());
    if (!finding.fine) out += finding.what + " -> " + finding.fix + "\n";
  }
  return out;
}

TEST_CASE("a sound machine has nothing to mend") {
  CHECK(fixes(sound(), plan_of(1000, 1)) == "");
}

TEST_CASE("too few descriptors: more processes, or a higher limit where there is one") {
  CHECK(fixes(sound(), plan_of(20'000, 1)) ==
        "a generator needs 20,060 descriptors, 20,000 are allowed -> --processes 2, with ulimit -n 20000\n");
  Machine machine = sound();
  machine.descriptors = 1024;
  CHECK(fixes(machine, plan_of(5000, 1)) ==
        "a generator needs 5,060 descriptors, 1,024 are allowed -> ulimit -n 5060\n");
}

TEST_CASE("too few ports: more source addresses") {
  Plan plan = plan_of(50'000, 3);
  CHECK(fixes(sound(), plan).find("--source-ip") != std::string::npos);
  plan.target.source_addresses = {"127.0.0.1", "127.0.0.2"};
  CHECK(fixes(sound(), plan) == "");
}

TEST_CASE("a busy machine, a slow clock and too many generators are told") {
  Machine machine = sound();
  machine.load = 3;
  machine.clock_source = "hpet";
  const std::string told = fixes(machine, plan_of(1000, 8));
  CHECK(told.find("load average 3.00 on 4 cores") != std::string::npos);
  CHECK(told.find("clock source hpet") != std::string::npos);
  CHECK(told.find("--processes 4") != std::string::npos);
}

TEST_CASE("this machine can be looked at") {
  const Machine machine = this_machine();
  CHECK(machine.cores >= 1);
  CHECK(machine.descriptors > 0);
  CHECK(machine.last_port > machine.first_port);
}

}  // namespace
