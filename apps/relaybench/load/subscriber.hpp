// One subscriber: its connection, what it must receive, where it would resume.
//
// Owned by Population, which decides when it comes and goes; loop thread only. A subscriber that is cut off
// by somebody else counts as an error and asks to come back.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/driver.hpp"
#include "load/checker.hpp"
#include "load/station.hpp"

namespace relay::bench {

class Population;
class SubscriberLink;

class Subscriber final : public StreamSink {
 public:
  Subscriber(Station& station, Population& population, std::uint32_t number, bool slow);

  ~Subscriber() override;

  enum class State : std::uint8_t { kAway, kDialing, kLive };
  State state() const { return state_; }
  std::uint32_t number() const { return number_; }
  bool slow() const { return slow_; }

  // Dials. Resumes if it has an id to resume from, else begins anew. REQUIRES: kAway.
  void open();
  // Goes away. `resume`: keeps the place where it was.
  void leave(bool resume);
  // Lets a slow one read once more.
  void read_a_little();

  // Whether everything up to what was sent by now is here. For one that is not live: nobody can say, so yes.
  bool is_whole() const;
  // The end: what did not come is missing. Not of slow ones and those that are away.
  void finish();
  // Between these two the longest time without a delivery is looked for; away to resume counts, away to begin
  // anew does not.
  void begin_silence(std::int64_t now);
  void end_silence(std::int64_t now);
  const Checker& checker() const { return checker_; }

 private:
  friend class SubscriberLink;
  struct Replay;
  void on_data(std::string_view bytes);
  void on_cut();
  void on_deadline();
  void give_up(std::string_view kind, std::string_view why);

  void on_live() override;
  void on_message(std::string_view payload, std::string_view id) override;
  void on_gap(std::string_view text) override;
  void on_refused(int status, std::string_view text) override;
  void on_end() override;
  void reply(std::string_view bytes) override;

  void check(const PayloadHead& head, std::string_view id);
  void time_delivery(const PayloadHead& head);
  void watch_replay(std::uint32_t tracker);
  void begin_trackers();
  void begin_replay();
  void end_replay();
  void note_unfinished_replay();
  void blame(const char* kind, const PayloadHead& head, std::string_view id);
  Transport transport() const;

  Station& station_;
  Population& population_;
  net::Connection* connection_ = nullptr;
  SubscriberLink* link_ = nullptr;  // the connection's handler; both end together, by on_cut() or leave()
  std::unique_ptr<StreamReader> reader_;
  Checker checker_;
  std::unique_ptr<Replay> replay_;
  std::string last_id_;
  std::int64_t dialed_ = 0;
  std::int64_t read_at_ = 0;  // when the bytes being parsed were read
  std::int64_t heard_ = 0;    // the last delivery, or where its waiting began; 0: it does not wait
  std::int64_t silence_ = 0;  // the longest so far
  std::uint32_t number_;
  State state_ = State::kAway;
  bool slow_;
  bool resuming_ = false;
  bool tracked_ = false;  // its trackers have begun once
};

}  // namespace relay::bench
