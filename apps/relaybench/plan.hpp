// What to run: everything a measurement depends on, as values.
//
// Commands and scenario files fill a Plan; check() says what is wrong with it; load/engine.hpp carries it
// out. Nothing here does I/O. Any thread. Times are std::chrono; rates are per second; shares lie in 0..1.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace relay::bench {

using Nanoseconds = std::chrono::nanoseconds;
using std::chrono::milliseconds;

// How subscribers listen, and publishers speak where the driver lets them choose. A driver says which of
// these it knows.
enum class Transport : std::uint8_t { kSse, kWs, kWsRaw };

struct TargetPlan {
  std::string driver = "relay";
  std::string url = "http://127.0.0.1:8081";
  std::string publish_url;                                   // empty: `url`
  std::vector<Transport> transports = {Transport::kSse};     // subscriber i takes number i modulo their count
  Transport publish_transport = Transport::kSse;             // kSse: HTTP; kWs: over WebSockets
  std::vector<std::pair<std::string, std::string>> headers;  // besides those the driver writes
  std::vector<std::string> tokens;            // bearer tokens; client i takes number i modulo their count
  std::vector<std::string> source_addresses;  // connections take turns; empty: the kernel chooses
  std::string ca_file;                        // for https and wss; empty: the system's
  bool insecure = false;                      // certificates are not checked
  std::map<std::string, std::string> driver_options;  // what one driver alone understands; it says so if not
};

// Channels of subscriber i: `channels_per_subscriber` of them from number i * channels_per_subscriber on,
// modulo their count. So one each and as many channels as subscribers is pairs, and as many each as there are
// is "everybody hears everything".
struct Shape {
  std::uint32_t subscribers = 0;
  std::uint32_t channels = 1;
  std::uint32_t channels_per_subscriber = 1;
  bool hex_channels = false;  // names of 64 hex digits, whatever the driver likes best

  // Publisher p writes to the channels p, p + publishers, … or, when there are fewer channels, to p modulo
  // their count; it takes them in turn. A sequence belongs to one publisher and one channel.
  std::uint32_t publishers = 0;
  double rate = 0;               // messages a second of all publishers together; open loop
  bool closed = false;           // closed loop instead: `window` messages under way per publisher, no rate
  std::uint32_t window = 0;      // most unanswered messages of a publisher; 0: 1,024 open, 1 closed
  std::uint32_t size_min = 128;  // bytes of payload, evenly between; at least kMinPayload (load/payload.hpp)
  std::uint32_t size_max = 128;
  bool ephemeral = false;  // live only, where the server knows such a thing

  // What happens to subscribers while the stages run.
  double churn = 0;       // subscribers a second that leave and begin anew, without a cursor
  double kill_share = 0;  // of the subscribers: cut off every `kill_every`; they resume where they were
  milliseconds kill_every{0};
  milliseconds reconnect_after{0};  // how long one that was cut off stays away
  double slow_share = 0;            // of the subscribers: those that read `slow_rate` bytes a second
  double slow_rate = 0;             // 0: not at all
};

enum class Ramp : std::uint8_t {
  kLinear,  // from the stage before to this one, over the whole stage
  kStep,    // at once; stays
  kSpike,   // at once; back to the stage before after a third of the stage
};

struct StagePlan {
  std::string name = "load";
  milliseconds duration{30'000};
  double clients = 1;  // share of Shape::subscribers that are connected
  double rate = 1;     // factor on Shape::rate
  Ramp ramp = Ramp::kStep;
  std::optional<double> churn = {};  // Shape::churn in this stage; nothing: as there
  std::string action = {};           // for /bin/sh, when the stage begins; empty: none
};

// Which breaks make the run fail (98).
enum class DeliveryMode : std::uint8_t {
  kAtMostOnce,   // duplicate, corrupt, foreign
  kAtLeastOnce,  // lost, corrupt, foreign
  kExactlyOnce,  // lost, duplicate, corrupt, foreign
  kOrdered,      // all of these and out of order
};

// Where the server's own cost is read. None given: not measured.
struct ServerWatch {
  std::int64_t pid = 0;                           // its children count as well
  std::string systemd_unit;                       // all processes of its control group
  std::string control_groups = "/sys/fs/cgroup";  // where that one is found, at any depth
  std::string redis_url;    // what it stores in (options/redis_url.hpp): its INFO before and after
  std::string metrics_url;  // its Prometheus page: kept in the result before and after
};

struct Plan {
  std::string name = "fanout";  // of the scenario; in every report
  TargetPlan target;
  Shape shape;
  std::vector<StagePlan> stages = {StagePlan{}};
  double connect_rate = 0;           // subscribers connected a second during setup; 0: as they are answered
  milliseconds warmup{5'000};        // at the first stage's level; not in the latencies
  milliseconds grace{3'000};         // how long the last deliveries may take
  milliseconds interval{1'000};      // of the time series
  std::uint64_t seed = 42;           // payloads, sizes, who is killed
  std::uint32_t processes = 1;       // generators; clients and publishers are dealt out among them
  std::vector<std::string> workers;  // "host:port" of machines that generate instead of this one
  std::string worker_secret;         // that they know too
  DeliveryMode delivery = DeliveryMode::kOrdered;
  bool allow_saturated = false;
  ServerWatch server;
  std::map<std::string, std::string> tags;
};

// The first thing wrong with it: kInvalid "bad_plan". What the driver and the machine say to it comes from
// run().
relay::Result<void> check(const Plan& plan);

std::string_view name_of(Transport transport);    // "sse", "ws", "ws-raw"
std::string_view name_of(DeliveryMode delivery);  // "at-most-once" …
std::string_view name_of(Ramp ramp);              // "linear" …

}  // namespace relay::bench
