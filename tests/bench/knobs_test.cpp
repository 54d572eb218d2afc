#include "knobs.hpp"

#include <algorithm>
#include <set>

#include "drivers/driver.hpp"
#include "knob_values.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::bench;
using std::chrono::milliseconds;

TEST_CASE("the table of knobs is whole") {
  std::set<std::string_view> flags;
  for (const Knob& knob : knobs()) {
    INFO(knob.flag.name);
    CHECK(flags.insert(relay::cli::key_of(knob.flag)).second);
    CHECK(relay::cli::key_of(knob.flag).starts_with("--"));
    CHECK_FALSE(knob.flag.help.empty());
    CHECK_FALSE(knob.flag.help.ends_with('.'));
    CHECK(find_knob(knob.section, key_of(knob)) == &knob);
    CHECK(section_of(table_of(knob.section)) == knob.section);
  }
  CHECK(find_knob(Section::kTarget, "publish_url") != nullptr);
  CHECK(find_knob(Section::kLoad, "publish_url") == nullptr);
}

// The request after one knob, which must read.
Request with(std::string_view flag, std::string_view text) {
  Request request;
  const auto given = give(request, {flag, text});
  INFO(flag << " " << text);
  REQUIRE(given.has_value());
  return request;
}

std::string refusal(std::string_view flag, std::string_view text) {
  Request request;
  const auto given = give(request, {flag, text});
  INFO(flag << " " << text);
  REQUIRE_FALSE(given.has_value());
  CHECK(given.error().exit == 64);
  return given.error().fix;
}

TEST_CASE("knobs fill what they are named after") {
  CHECK(with("--subs", "50k").plan.shape.subscribers == 50'000);
  CHECK(with("--rate", "10k/s").plan.shape.rate == 10'000);
  CHECK(with("--size", "50-4KiB").plan.shape.size_max == 4096);
  CHECK(with("--size", "50-4KiB").plan.shape.size_min == 50);
  CHECK(with("--kill", "20%").plan.shape.kill_share == 0.2);
  CHECK(with("--every", "10s").plan.shape.kill_every == milliseconds(10'000));
  CHECK(with("--transport", "mixed").plan.target.transports ==
        std::vector<Transport>{Transport::kSse, Transport::kWs});
  CHECK(with("--transport", "ws-raw").plan.target.transports == std::vector<Transport>{Transport::kWsRaw});
  CHECK(with("--header", "X-Tenant: blue").plan.target.headers.front().second == "blue");
  CHECK(with("--tag", "commit=abc").plan.tags.at("commit") == "abc");
  CHECK(with("--delivery", "exactly-once").plan.delivery == DeliveryMode::kExactlyOnce);
  CHECK(with("--seed", "7").plan.seed == 7);
  CHECK(with("--scale", "0.01").scale == 0.01);
  CHECK(with("--threshold", "lost==0").thresholds.front().expression == "lost==0");
}

TEST_CASE("a rate ends the closed loop, and the other way round") {
  Request request = with("--rate", "500/s");
  REQUIRE(give(request, {"--closed", "yes"}).has_value());
  CHECK(request.plan.shape.closed);
  CHECK(request.plan.shape.rate == 0);
  REQUIRE(give(request, {"--rate", "5/s"}).has_value());
  CHECK_FALSE(request.plan.shape.closed);
}

TEST_CASE("what cannot be read is refused with what was expected") {
  CHECK(refusal("--subs", "many") == "expected a whole number");
  CHECK(refusal("--subs", "1.5") == "expected a whole number");
  CHECK(refusal("--rate", "500/min") == "expected a rate such as 500/s or 10k/s");
  CHECK(refusal("--kill", "120%") == "expected a share such as 20% or 0.2");
  CHECK(refusal("--every", "10") == "expected a duration such as 30s, 500ms, 5m");
  CHECK(refusal("--size", "4KiB-50") == "expected a size such as 128 or 4KiB, or two such as 50-4KiB");
  CHECK(refusal("--transport", "sse,carrier-pigeon") ==
        "expected sse, ws, ws-raw or mixed, or several of them with commas");
  CHECK(refusal("--header", "X-Tenant") == "expected a header such as \"X-Tenant: blue\"");
  CHECK(refusal("--tag", "=x") == "expected KEY=VALUE");
  CHECK(refusal("--seed", "-1") == "expected a whole number");
}

TEST_CASE("numbers read as people write them") {
  CHECK(read_number("50,000") == 50'000U);
  CHECK(read_number("1.5k") == 1'500U);
  CHECK_FALSE(read_number("5G").has_value());
  CHECK_FALSE(read_number("").has_value());
  CHECK(read_rate("0.5/s") == 0.5);
  CHECK_FALSE(read_rate("1..5").has_value());
  CHECK(read_share("0.2") == 0.2);
  CHECK_FALSE(read_share("2").has_value());
  CHECK(read_factor("1.5x") == 1.5);
  CHECK_FALSE(read_factor("0").has_value());
  CHECK(read_level("50%")->share);
  CHECK(read_level("300%")->number == 3);
  CHECK_FALSE(read_level("50")->share);
  CHECK_FALSE(read_level("half").has_value());
}

// A request for 1,000 subscribers at 100 messages a second.
Request thousand() {
  Request request;
  request.plan.shape.subscribers = 1000;
  request.plan.shape.channels = 50;
  request.plan.shape.channels_per_subscriber = 10;
  request.plan.shape.publishers = 4;
  request.plan.shape.rate = 100;
  return request;
}

TEST_CASE("without stages there is one, as long as was asked for") {
  Request request = thousand();
  request.duration = milliseconds(7'000);
  const auto plan = finished(request);
  REQUIRE(plan.has_value());
  REQUIRE(plan->stages.size() == 1);
  CHECK(plan->stages[0].duration == milliseconds(7'000));
  CHECK(plan->stages[0].rate == 1);
}

TEST_CASE("stages are shares of the load, and fill the duration in proportion") {
  Request request = thousand();
  request.stages = {{"calm", milliseconds(30'000), {500, false}, {1, true}, Ramp::kStep},
                    {"rush", milliseconds(10'000), {1, true}, {300, false}, Ramp::kSpike}};
  request.duration = milliseconds(4'000);
  const auto plan = finished(request);
  REQUIRE(plan.has_value());
  REQUIRE(plan->stages.size() == 2);
  CHECK(plan->stages[0].clients == 0.5);
  CHECK(plan->stages[0].duration == milliseconds(3'000));
  CHECK(plan->stages[1].rate == 3);
  CHECK(plan->stages[1].duration == milliseconds(1'000));
  CHECK(plan->stages[1].ramp == Ramp::kSpike);
}

TEST_CASE("a scaled run keeps the shape") {
  Request request = thousand();
  request.scale = 0.02;
  const auto plan = finished(request);
  REQUIRE(plan.has_value());
  CHECK(plan->shape.subscribers == 20);
  CHECK(plan->shape.channels == 1);
  CHECK(plan->shape.channels_per_subscriber == 1);
  CHECK(plan->shape.publishers == 1);
  CHECK(plan->shape.rate == 2);
}

TEST_CASE("a ramp is a rate of connections, all channels are all") {
  Request request = thousand();
  request.ramp = milliseconds(10'000);
  request.all_channels = true;
  const auto plan = finished(request);
  REQUIRE(plan.has_value());
  CHECK(plan->connect_rate == 100);
  CHECK(plan->shape.channels_per_subscriber == 50);
}

TEST_CASE("networks are source addresses without the first and the last") {
  Request request = thousand();
  request.source_networks = {"127.0.0.8/29", "127.0.1.1"};
  const auto plan = finished(request);
  REQUIRE(plan.has_value());
  const auto& addresses = plan->target.source_addresses;
  REQUIRE(addresses.size() == 7);
  CHECK(addresses.front() == "127.0.0.9");
  CHECK(addresses[5] == "127.0.0.14");
  CHECK(addresses.back() == "127.0.1.1");
  request.source_networks = {"127.0.0.0/64"};
  CHECK(finished(request).error().exit == 64);
}

TEST_CASE("what makes no sense together is refused") {
  CHECK(finished(Request{}).error().exit == 64);
  Request request = thousand();
  request.token_file = "/nonexistent/tokens";
  CHECK(finished(request).error().exit == 66);
  request = thousand();
  request.plan.shape.rate = 0;
  request.stages = {{"rush", milliseconds(10'000), {1, true}, {300, false}, Ramp::kStep}};
  CHECK(finished(request).error().what.find("rush") != std::string::npos);
}

}  // namespace
