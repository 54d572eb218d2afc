#include "fleet_load.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace relay::test {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kRepeatPause{100};
constexpr milliseconds kRepeatFor{15000};  // after that an unknown outcome stays one
constexpr int kNotSent = -1;               // instead of a status: nobody listens there

}  // namespace

FleetLoad::FleetLoad(Plan plan, Checker& checker, Outcomes& outcomes)
    : plan_(std::move(plan)), checker_(checker), outcomes_(outcomes) {
  for (int i = 0; i < kPublishers; ++i) threads_.emplace_back([this, i] { run(i); });
}

void FleetLoad::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

bool FleetLoad::stopped_by(Clock::time_point time) {
  std::unique_lock lock(mutex_);
  return wake_.wait_until(lock, time, [this] { return stopped_; });
}

void FleetLoad::run(int number) {
  Publisher publisher{number, {}};
  publisher.connections.resize(plan_.ports.size());
  auto next = Clock::now() + kPace * number / kPublishers;
  for (int i = 0; !stopped_by(next); ++i) {
    next = std::max(next + kPace, Clock::now());
    publish(publisher, i);
  }
}

void FleetLoad::publish(Publisher& publisher, int number) {
  const std::string channel =
      plan_.prefix + std::to_string((publisher.number * 31 + number) % plan_.channels);
  const std::string payload = channel + ' ' + std::to_string(publisher.number) + '/' + std::to_string(number);
  const bool with_key = (publisher.number + number) % 4 == 0;
  const auto until = Clock::now() + kRepeatFor;
  bool in_doubt = false;
  for (std::size_t relayd = static_cast<std::size_t>(publisher.number + number);; ++relayd) {
    const Answer answer = attempt(publisher, relayd % plan_.ports.size(), channel, payload, with_key);
    if (answer.status == kNotSent && !in_doubt) {
      if (stopped_by(Clock::now() + kRepeatPause)) return;
      continue;
    }
    if (answer.status == 201) {
      if (in_doubt && plan_.forgetful_store) checker_.unknown(payload);
      checker_.acknowledged(channel, answer.id, payload);
      ++outcomes_.stored;
      outcomes_.repeated += in_doubt ? 1 : 0;
      return;
    }
    if (answer.status == 503 && !in_doubt) {
      ++outcomes_.refused;
      return;
    }
    if (answer.status != 503 && answer.status != 504 && answer.status > 0) ++outcomes_.others;
    in_doubt = true;
    if (!with_key || Clock::now() > until || stopped_by(Clock::now() + kRepeatPause)) break;
  }
  checker_.unknown(payload);
  ++outcomes_.unknown;
}

FleetLoad::Answer FleetLoad::attempt(Publisher& publisher, std::size_t relayd, const std::string& channel,
                                     const std::string& payload, bool with_key) {
  auto& connection = publisher.connections[relayd];
  HeaderList headers;
  if (with_key) headers.emplace_back("Idempotency-Key", payload);
  try {
    if (connection == nullptr) connection = std::make_unique<HttpClient>(plan_.ports[relayd]);
  } catch (const std::runtime_error&) {
    return {.status = kNotSent};
  }
  try {
    const auto began = Clock::now();
    const HttpAnswer answer =
        connection->request("POST", "/v1/channels/" + channel + "/messages", headers, payload);
    note_duration(began);
    return {answer.status, answer.status == 201 ? Json::parse(answer.body).at("id").get<MessageId>() : 0};
  } catch (const std::runtime_error&) {
    connection.reset();
    return {};
  }
}

void FleetLoad::note_duration(Clock::time_point began) {
  const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - began).count();
  std::int64_t slowest = outcomes_.slowest_ms;
  while (took > slowest && !outcomes_.slowest_ms.compare_exchange_weak(slowest, took)) {
  }
}

}  // namespace relay::test
