#include "storage_advice.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "cli/human.hpp"
#include "redis_info.hpp"
#include "stored.hpp"

namespace relay::ctl {
namespace {

using Level = Advice::Level;

constexpr double kSlowMs = 50;
constexpr double kSkewedMs = 1'000;  // ids carry Redis's time, instances judge silence by it
constexpr double kFarSkewedMs = 60'000;
constexpr int kOldestMajor = 7;

std::string one_decimal(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", number);
  return text;
}

Advice about_version(const NodeInfo& info) {
  const bool old =
      info.text("valkey_version").empty() && std::atoi(info.text("redis_version").c_str()) < kOldestMajor;
  return {old ? Level::kFail : Level::kOk, "version",
          info.version() + (old ? "; relay needs Redis 7 or Valkey" : ""),
          old ? "install a newer Redis, or Valkey" : ""};
}

Advice about_policy(const NodeInfo& info) {
  const std::string policy = info.text("maxmemory_policy");
  const bool bounded = info.number("maxmemory") > 0;
  if (policy.empty() || policy == "noeviction")
    return {Level::kOk, "maxmemory", policy.empty() ? "not told" : "policy noeviction", ""};
  return {bounded ? Level::kFail : Level::kWarn, "maxmemory",
          "policy " + policy + " may evict backlogs" + (bounded ? "" : " once maxmemory is set"),
          "CONFIG SET maxmemory-policy noeviction"};
}

Advice about_memory(const NodeInfo& info) {
  const std::int64_t used = info.number("used_memory"), most = info.number("maxmemory");
  const std::int64_t evicted = info.number("evicted_keys");
  if (evicted > 0)
    return {Level::kFail, "memory", grouped(evicted) + " keys were evicted since it started",
            "give it more memory, and policy noeviction"};
  if (most == 0) return {Level::kOk, "memory", human_bytes(used) + " in use, no bound", ""};
  const bool tight = used > most / 10 * 9;
  return {tight ? Level::kWarn : Level::kOk, "memory",
          human_bytes(used) + " of " + human_bytes(most) + " in use",
          tight ? "raise maxmemory, or keep less: channel.max_count, channel.max_bytes" : ""};
}

Advice about_durability(const NodeInfo& info) {
  if (info.text("aof_enabled") != "1") {
    return {Level::kWarn, "append-only file",
            "off: what was acknowledged since the last snapshot ends with the process",
            "CONFIG SET appendonly yes, then CONFIG REWRITE"};
  }
  const std::string fsync = info.setting("appendfsync");
  if (fsync == "no") {
    return {Level::kWarn, "append-only file", "appendfsync no: the system decides when it is on disk",
            "CONFIG SET appendfsync everysec"};
  }
  return {Level::kOk, "append-only file",
          fsync == "always" ? "synced before each answer" : "on, synced every second at the latest", ""};
}

Advice about_clock(const NodeInfo& info) {
  const double skew = std::abs(info.clock_offset_ms);
  const Level level = skew > kFarSkewedMs ? Level::kFail : skew > kSkewedMs ? Level::kWarn : Level::kOk;
  return {level, "clock", "offset to redis " + one_decimal(info.clock_offset_ms) + " ms",
          level == Level::kOk ? "" : "let chrony or systemd-timesyncd run on both machines"};
}

Advice about_distance(const NodeInfo& info) {
  const bool slow = info.round_trip_ms > kSlowMs;
  return {slow ? Level::kWarn : Level::kOk, "round trip", one_decimal(info.round_trip_ms) + " ms",
          slow ? "bring Redis nearer: each publish waits for it" : ""};
}

Advice about_replicas(const NodeInfo& info, std::int64_t wanted) {
  const std::int64_t there = info.number("connected_slaves");
  const bool few = there < wanted;
  return {few ? Level::kFail : Level::kOk, "replicas",
          grouped(there) + " connected, redis.min_replicas is " + grouped(wanted),
          few ? "connect replicas, or lower redis.min_replicas: until then no publish is acknowledged" : ""};
}

}  // namespace

std::vector<Advice> storage_advice(const Context& context) {
  auto stored = Stored::connect(context);
  if (!stored) {
    const Failure& failure = stored.error();
    const bool in_memory =
        failure.exit == exit_code::kConfig && failure.what == "there is no store to look into";
    return {{in_memory ? Level::kWarn : Level::kFail, "store",
             in_memory ? "messages are kept in memory and end with relayd"
                       : failure.what + (failure.why.empty() ? "" : ": " + failure.why),
             in_memory ? "storage = \"redis\" keeps them" : failure.fix}};
  }
  const auto infos = read_info(**stored);
  if (!infos) return {{Level::kFail, "store", infos.error().what, infos.error().fix}};
  std::vector<Advice> all;
  for (const NodeInfo& info : *infos) {
    for (Advice advice : {about_version(info), about_policy(info), about_memory(info), about_durability(info),
                          about_clock(info), about_distance(info),
                          about_replicas(info, (*stored)->options().redis.min_replicas)}) {
      advice.subject = "redis " + advice.subject + (infos->size() > 1 ? " (" + info.node + ")" : "");
      all.push_back(std::move(advice));
    }
  }
  return all;
}

}  // namespace relay::ctl
