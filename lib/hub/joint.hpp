// One Subscription whose channels lie in several partitions: a Subscription in each, spoken of as one.
//
// It is live when all its parts are; what a part is given before that waits here, which is one message and
// the gaps of a part at most, for a part that is ready stays behind its live messages until all are. After
// that the parts have nothing to do with each other: order holds within a partition, and the joint's cursor
// is the list of theirs. Loop thread only; owned by its Subscription, and by whoever calls into it while that
// may fail and go.
#pragma once

#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <memory>
#include <vector>

#include "hub/cursor.hpp"
#include "hub/message.hpp"
#include "hub/subscription.hpp"

namespace relay::hub {

class Joint : public boost::intrusive_ref_counter<Joint, boost::thread_unsafe_counter> {
 public:
  // What it asks of one partition.
  struct Share {
    std::uint32_t partition;
    Hub* hub;
    std::vector<ChannelName> channels;
  };

  // `shares` by ascending partition. `whole` is what its subscriber is told of.
  Joint(Subscription& whole, const std::vector<Share>& shares);
  ~Joint();
  // Once. It may have failed when this returns.
  void subscribe(std::vector<Share> shares, const StreamRequest& request);
  void continue_replay() { continue_all_but(nullptr); }

  Cursor cursor() const;
  MessageId floor() const;
  std::vector<ChannelName> channels() const;
  std::size_t channel_count() const;

 private:
  class Part;
  struct Waiting {
    Part* part;
    DeliveryPtr delivery;  // none: a gap
    bool replayed;
    Gap gap;
  };
  void on_part_live(Part& part);
  void on_part_caught_up();
  void on_part_failed(const Error& error);
  void continue_all_but(const Part* part);

  Subscription& whole_;
  std::vector<std::unique_ptr<Part>> parts_;
  std::vector<Waiting> waiting_;  // until all are live
  std::size_t live_ = 0;
  std::size_t caught_up_ = 0;
  bool open_ = false;
  bool failed_ = false;
};

}  // namespace relay::hub
