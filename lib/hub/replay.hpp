// Reads the backlogs of many channels and hands out their messages as one stream in id order.
//
// A k-way merge that reads on: each channel has a small buffer; a message leaves only when no channel could
// still hold an earlier one. It ends at the newest id of the store when the first page was read: lanes are
// read at different times, and one that is read later must not run ahead of what came to the others
// meanwhile. All beyond is announced, for the channels were watched before. Whatever the number of channels,
// at most `buffered` messages (and 8 per channel) are in hand. Used for one subscriber's resume and for
// healing all live streams of a loop. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "hub/storage.hpp"
#include "hub/subscription.hpp"

namespace relay::hub {

class Replay {
 public:
  static constexpr std::size_t kBuffered = 2048;
  struct Sink {
    // The next message in id order. False: no more for the moment; continue with pump().
    std::function<bool(const MessagePtr&)> on_message;
    std::function<void(const Gap&)> on_gap;
    // All that was kept up to `last`, the newest id of the store when reading began, has been handed out.
    std::function<void(MessageId last)> on_done;
    // The store did not answer; start again from position() when it is back.
    std::function<void(const Error&)> on_failed;
  };
  struct Source {
    ChannelName channel;
    Milliseconds max_age;  // how long its messages live at most
  };

  // Calls nothing before start(). `storage` outlives it; destroying a Replay drops its pending answers.
  Replay(Storage& storage, Sink sink);
  ~Replay();
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  // Reads everything after `after`; 0 means that nothing before is missed. Any earlier run ends.
  void start(std::vector<Source> sources, MessageId after, bool tell_gaps, std::size_t buffered = kBuffered);
  // Whose `after` is, for what is started from now on. Above the place where a lost life of the data and this
  // one part, the store may have messages that a client of the other never saw.
  enum class Origin : std::uint8_t {
    kOwn,     // this loop's: it knows how far that holds
    kCursor,  // a client's, of whichever life: it goes back to that place, although some may be repetitions
    kPage     // a client's, which is told the place and asks again as it likes
  };
  void start_from(Origin origin) { origin_ = origin; }
  // And: it is no id that the partition gave; beyond the newest it is no loss.
  void start_from_time(bool is_time) { from_time_ = is_time; }
  // Goes on after on_message said false.
  void pump();
  // Nothing is handed out any more; answers that are still on their way are dropped.
  void cancel() { ++*run_; }
  // Messages handed out so far reach up to here.
  MessageId position() const { return position_; }
  // Of the data that was read; 0 before the first answer.
  MessageId epoch() const { return epoch_; }

 private:
  static constexpr std::size_t kQueriesPerRead = 512;
  struct Lane {
    Source source;
    std::vector<MessagePtr> buffer;
    std::size_t next = 0;
    MessageId read_through = 0;  // everything up to here was read
    bool more = true;
  };
  struct Head {
    MessageId id;
    std::uint32_t lane;
    bool operator<(const Head& other) const { return id > other.id; }  // the smallest on top
  };

  void read_lanes(std::vector<std::uint32_t> lanes);
  void on_answer(const std::vector<std::uint32_t>& lanes, Result<ReadAnswer> answer);
  void take_page(std::uint32_t lane, Page page);
  // False: it went back, and what was read is to be read again.
  bool check_epoch(const ReadAnswer& answer);
  void go_to(MessageId place);
  void begin();
  void tell_gap(const Lane& lane, const Page& page);
  void finish();

  Storage& storage_;
  Sink sink_;
  std::vector<Lane> lanes_;
  std::vector<std::uint32_t> due_;  // lanes to be read before anything more can leave
  std::priority_queue<Head> heads_;
  std::uint32_t page_limit_ = 0;
  MessageId position_ = 0;
  MessageId last_ = 0;
  MessageId epoch_ = 0;
  MessageId told_missing_ = 0;  // up to here, in every lane
  bool tell_gaps_ = false;
  Origin origin_ = Origin::kOwn;
  bool from_time_ = false;
  bool epoch_checked_ = false;
  bool reading_ = false;
  bool pumping_ = false;
  std::shared_ptr<std::uint64_t> run_;  // answers of an older run or a dead Replay are dropped
};

}  // namespace relay::hub
