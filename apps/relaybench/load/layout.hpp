// Who listens to what and who writes where, by numbers alone (see Shape in plan.hpp); and how the generators
// share them out. A stream is one publisher's messages to one channel, with a sequence of its own: there are
// as many as the greater of publishers and channels. A value; any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "plan.hpp"

namespace relay::bench {

class Layout {
 public:
  explicit Layout(const Shape& shape)
      : channels_(shape.channels), publishers_(shape.publishers), each_(shape.channels_per_subscriber) {}

  std::uint32_t streams() const { return publishers_ == 0 ? 0 : std::max(channels_, publishers_); }
  std::uint32_t publisher_of(std::uint32_t stream) const { return stream % publishers_; }
  std::uint32_t channel_of(std::uint32_t stream) const { return stream % channels_; }
  // Nothing: this publisher does not write to this channel.
  std::optional<std::uint32_t> stream_of(std::uint32_t publisher, std::uint32_t channel) const {
    if (publisher >= publishers_ || channel >= channels_) return {};
    const std::uint32_t stream = channels_ >= publishers_ ? channel : publisher;
    if (publisher_of(stream) != publisher || channel_of(stream) != channel) return {};
    return stream;
  }
  // The streams of publisher p, in the order in which it takes them: p, p + publishers, …
  std::uint32_t streams_of_publisher(std::uint32_t publisher) const {
    return (streams() - publisher + publishers_ - 1) / publishers_;
  }
  std::uint32_t stream_of_publisher(std::uint32_t publisher, std::uint64_t turn) const {
    return publisher + static_cast<std::uint32_t>(turn % streams_of_publisher(publisher)) * publishers_;
  }

  // A subscriber's channels are first_channel() and the next each() - 1, modulo their count.
  std::uint32_t each() const { return each_; }
  std::uint32_t first_channel(std::uint32_t subscriber) const {
    return static_cast<std::uint32_t>(std::uint64_t{subscriber} * each_ % channels_);
  }
  // A subscriber follows `trackers()` streams: those of its first channel, those of the next …
  std::uint32_t streams_per_channel() const {
    return publishers_ == 0 ? 0 : (streams() + channels_ - 1) / channels_;
  }
  std::uint32_t trackers() const { return each_ * streams_per_channel(); }
  // Which of them a stream is; nothing: the subscriber does not listen there.
  std::optional<std::uint32_t> tracker_of(std::uint32_t subscriber, std::uint32_t stream) const {
    const std::uint32_t channel = channel_of(stream);
    const std::uint32_t first = first_channel(subscriber);
    const std::uint32_t place = channel >= first ? channel - first : channel + channels_ - first;
    if (place >= each_) return {};
    return place * streams_per_channel() + stream / channels_;
  }
  // And back; nothing where the last round of streams does not reach this channel.
  std::optional<std::uint32_t> stream_of_tracker(std::uint32_t subscriber, std::uint32_t tracker) const {
    const std::uint32_t channel = (first_channel(subscriber) + tracker / streams_per_channel()) % channels_;
    const std::uint32_t stream = channel + tracker % streams_per_channel() * channels_;
    if (stream >= streams()) return {};
    return stream;
  }

 private:
  std::uint32_t channels_;
  std::uint32_t publishers_;
  std::uint32_t each_;
};

}  // namespace relay::bench
