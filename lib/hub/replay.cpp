#include "hub/replay.hpp"

#include <algorithm>
#include <numeric>

namespace relay::hub {

Replay::Replay(Storage& storage, Sink sink)
    : storage_(storage), sink_(std::move(sink)), run_(std::make_shared<std::uint64_t>(0)) {}

Replay::~Replay() {
  cancel();
}

void Replay::start(std::vector<Source> sources, MessageId after, bool tell_gaps, std::size_t buffered) {
  ++*run_;
  lanes_.clear();
  due_.clear();
  heads_ = {};
  position_ = after;
  tell_gaps_ = tell_gaps && after != 0;
  epoch_checked_ = reading_ = pumping_ = false;
  last_ = epoch_ = told_missing_ = 0;
  lanes_.reserve(sources.size());
  for (Source& source : sources) lanes_.push_back({std::move(source), {}, 0, after, true});
  page_limit_ = static_cast<std::uint32_t>(
      std::clamp<std::size_t>(buffered / std::max<std::size_t>(1, lanes_.size()), 8, 256));
  begin();
}

void Replay::begin() {
  due_.resize(lanes_.size());
  std::iota(due_.begin(), due_.end(), 0U);
  if (due_.empty()) {
    read_lanes({});  // epoch and last are wanted all the same
  } else {
    pump();
  }
}

// Takes what is due, at most kQueriesPerRead at a time; on_answer() comes back here until nothing is.
void Replay::pump() {
  if (reading_ || pumping_) return;
  if (!due_.empty()) {
    const std::size_t count = std::min(due_.size(), kQueriesPerRead);
    std::vector<std::uint32_t> lanes(due_.end() - static_cast<std::ptrdiff_t>(count), due_.end());
    due_.resize(due_.size() - count);
    return read_lanes(std::move(lanes));
  }
  pumping_ = true;
  const std::uint64_t run = *run_;
  const auto alive = run_;
  while (!heads_.empty()) {
    Lane& lane = lanes_[heads_.top().lane];
    const std::uint32_t index = heads_.top().lane;
    heads_.pop();
    const MessagePtr message = std::move(lane.buffer[lane.next++]);
    if (lane.next < lane.buffer.size()) {
      heads_.push({lane.buffer[lane.next]->id(), index});
    } else if (lane.more) {
      due_.push_back(index);
    }
    position_ = message->id();
    const bool go_on = sink_.on_message(message);
    if (*alive != run) return;  // restarted or destroyed from within
    if (!go_on) {
      pumping_ = false;
      return;
    }
    if (!due_.empty()) {
      pumping_ = false;
      // Lanes that will run dry soon are read along, so that many channels cost few round trips.
      for (std::uint32_t i = 0; i < lanes_.size(); ++i) {
        const std::size_t left = lanes_[i].buffer.size() - lanes_[i].next;
        if (lanes_[i].more && left > 0 && left < page_limit_ / 2) due_.push_back(i);
      }
      return pump();
    }
  }
  pumping_ = false;
  finish();
}

void Replay::read_lanes(std::vector<std::uint32_t> lanes) {
  reading_ = true;
  std::vector<ReadQuery> queries;
  queries.reserve(lanes.size());
  for (const std::uint32_t index : lanes) {
    const Lane& lane = lanes_[index];
    queries.push_back({lane.source.channel, lane.read_through, page_limit_, lane.source.max_age});
  }
  storage_.read(std::move(queries),
                [this, lanes = std::move(lanes), mine = *run_, run = run_](Result<ReadAnswer> answer) {
                  if (*run == mine) on_answer(lanes, std::move(answer));
                });
}

void Replay::on_answer(const std::vector<std::uint32_t>& lanes, Result<ReadAnswer> answer) {
  reading_ = false;
  if (!answer) return sink_.on_failed(answer.error());
  const std::uint64_t run = *run_;
  const auto alive = run_;
  if (!epoch_checked_) {
    epoch_checked_ = true;
    last_ = answer->last;
    epoch_ = answer->epoch;
    const bool goes_on = check_epoch(*answer);
    if (*alive != run) return;
    if (!goes_on) return begin();
  }
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    take_page(lanes[i], std::move(answer->pages[i]));
    if (*alive != run) return;
  }
  if (lanes_.empty()) {
    finish();
  } else {
    pump();
  }
}

// A cursor from before the data's life, from the end of a life that was lost, or from beyond the newest id
// (the data, or its end, was lost): said for every channel, once.
bool Replay::check_epoch(const ReadAnswer& answer) {
  const MessageId last = answer.last, cursor = position_;
  MessageId epoch = answer.epoch;
  if (origin_ != Origin::kOwn && !from_time_) epoch = std::max(epoch, answer.life_after(cursor));
  const bool lost_before = cursor != 0 && cursor + 1 < epoch;  // epoch - 1: "the beginning"
  const bool lost_behind = last != 0 && cursor > last;
  if (!lost_before && !lost_behind) return true;
  if (lost_behind) go_to(last);
  const MessageId common = lost_before && origin_ != Origin::kOwn ? answer.common(cursor) : position_;
  if (origin_ == Origin::kCursor) go_to(common);
  if (lost_before) told_missing_ = epoch - 1;
  if (tell_gaps_ && (lost_before || !from_time_)) {
    const MessageId first = lost_before ? epoch : last + 1;
    for (const Lane& lane : lanes_) sink_.on_gap({lane.source.channel, common, first, first - 1});
  }
  return lost_behind || position_ == cursor;
}

void Replay::go_to(MessageId place) {
  position_ = place;
  for (Lane& lane : lanes_) lane.read_through = place;
}

void Replay::take_page(std::uint32_t index, Page page) {
  Lane& lane = lanes_[index];
  page.gone = std::min(page.gone, last_);
  if (tell_gaps_ && page.gone > std::max(lane.read_through, told_missing_)) tell_gap(lane, page);
  const bool had_head = lane.next < lane.buffer.size();
  lane.buffer.erase(lane.buffer.begin(), lane.buffer.begin() + static_cast<std::ptrdiff_t>(lane.next));
  lane.next = 0;
  lane.more = page.more;
  for (MessagePtr& message : page.messages) {
    if (message->id() > last_) {
      lane.more = false;
      break;
    }
    if (message->id() > lane.read_through) {
      lane.read_through = message->id();
      lane.buffer.push_back(std::move(message));
    }
  }
  if (!had_head && !lane.buffer.empty()) heads_.push({lane.buffer.front()->id(), index});
  if (lane.more && lane.buffer.empty()) due_.push_back(index);
}

void Replay::tell_gap(const Lane& lane, const Page& page) {
  const auto kept = std::find_if(page.messages.begin(), page.messages.end(),
                                 [&](const MessagePtr& message) { return message->id() > page.gone; });
  sink_.on_gap({lane.source.channel, lane.read_through,
                kept == page.messages.end() ? page.gone + 1 : (*kept)->id(), page.gone});
}

void Replay::finish() {
  sink_.on_done(last_);
}

}  // namespace relay::hub
