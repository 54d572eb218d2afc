// A stored message, and a message on its way out.
//
// Message is immutable once it has its id and is shared freely between threads. Delivery adds the frames made
// of it: each wire form is encoded at most once, by whichever loop asks first, and the same bytes go to every
// subscriber. The two are apart so that a backlog does not keep frames alive.
#pragma once

#include <array>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/shared_frame.hpp"
#include "hub/channel.hpp"

namespace relay::hub {

// What a publisher says; the store makes a Message of it.
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

// One allocation, so that a backlog costs one block a message:
//
//     [ Message | event | data | from | trace ]
//
// Beside it lie the channel's name, which the store has once for all of a channel's messages, and the list of
// those excluded, if there are any. Measured by relaybench's `pairs --closed` with 1,000 channels in memory:
// see "one allocation for a stored message" in docs/performance.md.
class Message : public boost::intrusive_ref_counter<Message, boost::thread_safe_counter> {
 public:
  static boost::intrusive_ptr<Message> make(MessageId id, Draft&& draft);
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  // What make() took is more than sizeof(Message): never deallocated by size.
  static void operator delete(void* memory) { ::operator delete(memory); }

  // Gives the id, and the store's own copy of the channel's name. REQUIRES: nobody else has the message yet.
  void store_as(MessageId id, const ChannelName& name) {
    id_ = id;
    channel_ = name;
  }

  MessageId id() const { return id_; }
  const ChannelName& channel_name() const { return channel_; }
  std::string_view channel() const { return channel_.view(); }
  std::string_view event() const { return {text(), event_size_}; }
  std::string_view data() const { return {text() + event_size_, data_size_}; }
  std::string_view from() const { return {text() + event_size_ + data_size_, from_size_}; }
  std::string_view trace() const { return {text() + event_size_ + data_size_ + from_size_, trace_size_}; }
  std::span<const std::string> exclude() const {
    return exclude_ == nullptr ? std::span<const std::string>{} : *exclude_;
  }
  bool is_json() const { return is_json_; }
  std::uint32_t ttl_ms() const { return ttl_ms_; }
  std::int64_t published_ms() const { return id_time_ms(id_); }
  std::int64_t expires_ms() const { return published_ms() + ttl_ms_; }
  Draft draft() const;  // what it was made of, as a copy

 private:
  Message(MessageId id, Draft&& draft);
  const char* text() const { return reinterpret_cast<const char*>(this + 1); }

  // Beside the reference count, four bytes.
  std::uint32_t ttl_ms_;
  MessageId id_;
  ChannelName channel_;
  std::unique_ptr<const std::vector<std::string>> exclude_;
  std::uint32_t event_size_;
  std::uint32_t data_size_;
  std::uint32_t from_size_;
  std::uint32_t trace_size_;
  bool is_json_;
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
