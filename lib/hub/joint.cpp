#include "hub/joint.hpp"

#include <algorithm>

#include "hub/hub.hpp"

namespace relay::hub {

class Joint::Part final : public Subscriber {
 public:
  Part(Joint& joint, std::uint32_t partition, Hub& hub) : joint_(joint), hub_(hub), partition_(partition) {}

  Subscription& subscription() { return subscription_; }
  const Subscription& subscription() const { return subscription_; }
  Hub& hub() const { return hub_; }
  // Everything of this partition up to here has been handed on.
  Cursor::Place place() const {
    // Where the data's end was lost, the subscription went back below what was told.
    const MessageId place = std::min(told_, subscription_.position());
    if (subscription_.is_live() && hub_.proven() > place) return {partition_, hub_.proven(), true};
    return {partition_, place, told_is_time_};
  }

  void on_live(Subscription&) override {
    told_ = subscription_.position();
    joint_.on_part_live(*this);
  }
  void on_message(Subscription&, Delivery& delivery, bool replayed) override {
    if (joint_.open_) return tell(delivery, replayed);
    joint_.waiting_.push_back({this, DeliveryPtr(&delivery), replayed, {}});
  }
  void on_gap(Subscription&, const Gap& gap) override {
    if (joint_.open_) return tell(gap);
    joint_.waiting_.push_back({this, nullptr, false, gap});
  }
  void on_caught_up(Subscription&) override {
    told_ = subscription_.position();
    told_is_time_ = false;
    joint_.on_part_caught_up();
  }
  void on_failed(Subscription&, const Error& error) override { joint_.on_part_failed(error); }
  bool congested() const override { return !joint_.open_ || subscriber().congested(); }
  bool not_ready() const override { return !joint_.open_; }
  SubscriberInfo info() const override { return subscriber().info(); }

  void tell(Delivery& delivery, bool replayed) {
    if (delivery.message().ttl_ms() != 0) {
      told_ = delivery.message().id();
      told_is_time_ = false;
    }
    subscriber().on_message(joint_.whole_, delivery, replayed);
  }
  void tell(const Gap& gap) { subscriber().on_gap(joint_.whole_, gap); }

 private:
  Subscriber& subscriber() const { return joint_.whole_.subscriber(); }

  Joint& joint_;
  Hub& hub_;
  const std::uint32_t partition_;
  MessageId told_ = 0;
  bool told_is_time_ = true;
  Subscription subscription_{*this};
};

Joint::Joint(Subscription& whole, const std::vector<Share>& shares) : whole_(whole) {
  parts_.reserve(shares.size());
  for (const Share& share : shares)
    parts_.push_back(std::make_unique<Part>(*this, share.partition, *share.hub));
}

Joint::~Joint() = default;

void Joint::subscribe(std::vector<Share> shares, const StreamRequest& request) {
  for (std::size_t i = 0; i < parts_.size() && !failed_; ++i) {
    const std::uint32_t partition = shares[i].partition;
    SubscribeRequest part{std::move(shares[i].channels), {}, request.tell_gaps, request.goes_back};
    part.parts = parts_.size();
    if (request.after) {
      part.after = request.after->in(partition);
      part.after_is_time = request.after->is_plain() || !request.after->is_exact(partition);
    }
    parts_[i]->hub().subscribe(parts_[i]->subscription(), part);
  }
}

// The last part opens the whole, from within its own replay; the others have stood still since they were
// live.
void Joint::on_part_live(Part& last) {
  if (++live_ < parts_.size()) return;
  open_ = true;
  whole_.recovered_ = std::all_of(parts_.begin(), parts_.end(),
                                  [](const auto& part) { return part->subscription().recovered(); });
  whole_.subscriber().on_live(whole_);
  for (const Waiting& one : std::exchange(waiting_, {})) {
    if (one.delivery != nullptr) {
      one.part->tell(*one.delivery, one.replayed);
    } else {
      one.part->tell(one.gap);
    }
  }
  continue_all_but(&last);
}

void Joint::on_part_caught_up() {
  if (++caught_up_ == parts_.size()) whole_.subscriber().on_caught_up(whole_);
}

void Joint::on_part_failed(const Error& error) {
  failed_ = true;
  const boost::intrusive_ptr<Joint> alive = std::move(whole_.joint_);
  for (const auto& part : parts_) part->subscription().leave();
  whole_.subscriber().on_failed(whole_, error);
}

void Joint::continue_all_but(const Part* stays) {
  for (const auto& part : parts_) {
    if (part.get() != stays) part->hub().continue_replay(part->subscription());
  }
}

Cursor Joint::cursor() const {
  std::vector<Cursor::Place> places;
  places.reserve(parts_.size());
  for (const auto& part : parts_) places.push_back(part->place());
  return Cursor(std::move(places));
}

MessageId Joint::floor() const {
  MessageId lowest = kMaxId;
  for (const auto& part : parts_) lowest = std::min(lowest, part->place().id);
  return lowest;
}

std::vector<ChannelName> Joint::channels() const {
  std::vector<ChannelName> names;
  for (const auto& part : parts_) {
    for (ChannelName& name : part->subscription().channels()) names.push_back(std::move(name));
  }
  return names;
}

std::size_t Joint::channel_count() const {
  std::size_t count = 0;
  for (const auto& part : parts_) count += part->subscription().channel_count();
  return count;
}

}  // namespace relay::hub
