// A stored message, and a message on its way out.
//
// Message is immutable once it has its id and is shared freely between threads. Delivery adds the frames made
// of it: each wire form is encoded at most once, by whichever loop asks first, and the same bytes go to every
// subscriber. The two are apart so that a backlog does not keep frames alive.
#pragma once

#include <array>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/shared_frame.hpp"
#include "hub/channel.hpp"

namespace relay::hub {

// What a publisher says; the store adds the id.
struct Draft {
  ChannelName channel;
  std::string event;                 // empty: none. No CR, LF or NUL.
  std::string data;                  // UTF-8 text, or one JSON value
  bool is_json = false;              // data is a JSON value, embedded as such in JSON forms
  std::uint32_t ttl_ms = 0;          // 0: ephemeral, announced but not kept
  std::string from;                  // client id of a publishing subscriber; empty for others
  std::vector<std::string> exclude;  // client ids that must not get it
  std::string trace;                 // traceparent (W3C) or trace id; empty: none
};

struct Message : boost::intrusive_ref_counter<Message, boost::thread_safe_counter> {
  Message(MessageId its_id, Draft draft) : id(its_id), body(std::move(draft)) {}
  const MessageId id;
  const Draft body;

  std::string_view channel() const { return body.channel.view(); }
  std::int64_t published_ms() const { return id_time_ms(id); }
  std::int64_t expires_ms() const { return published_ms() + body.ttl_ms; }
};
using MessagePtr = boost::intrusive_ptr<const Message>;

// Every form in which a message leaves. The encoders stand with the front-ends that send them.
// Those called …Rest follow a beginning with the cursor, which is each joint subscription's own.
enum class WireForm : std::uint8_t {
  kSse,
  kSseJson,
  kSseBridge,
  kWsJson,
  kWsRaw,
  kSseRest,
  kSseJsonRest,
  kSseBridgeRest,
  kWsJsonRest
};
inline constexpr std::size_t kWireForms = 9;

class Delivery : public boost::intrusive_ref_counter<Delivery, boost::thread_safe_counter> {
 public:
  explicit Delivery(MessagePtr message) : message_(std::move(message)) {}
  const Message& message() const { return *message_; }
  const MessagePtr& shared_message() const { return message_; }

  // `encode(const Message&)` returns the SharedFrame of this form; called at most once but for a race.
  template <class Encode>
  SharedFrame frame(WireForm form, Encode&& encode) {
    return frames_[static_cast<std::size_t>(form)].get_or_make([&] { return encode(*message_); });
  }

 private:
  const MessagePtr message_;
  std::array<FrameSlot, kWireForms> frames_;
};
using DeliveryPtr = boost::intrusive_ptr<Delivery>;

}  // namespace relay::hub
