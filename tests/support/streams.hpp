// Many streaming clients (SSE and WebSocket) on one thread, for tests that need up to hundreds of them.
//
// A Stream connects on construction and sends its request; StreamSet::run_until() moves bytes until a
// condition holds. Everything on one thread. A stream that its server ends keeps what it got and says how it
// ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "support/http_client.hpp"
#include "wire/sse.hpp"
#include "wire/websocket.hpp"

namespace relay::test {

// What a stream was told, in order.
struct Item {
  enum class Kind {
    kMessage,
    kGap,
    kOther
  };  // kOther: welcome, subscribed, ack, error, pong; or text of a raw socket
  Kind kind = Kind::kOther;
  std::string channel{};  // empty on raw SSE streams
  std::string event{};    // of messages; the type of others
  std::string data{};     // JSON text for JSON payloads, the text itself for others; the whole text of others
  MessageId id = 0;       // 0: none; of gaps the one behind which something is missing
  MessageId first = 0;    // of gaps
  bool recovered = false;  // of "subscribed"
  std::string cursor{};    // of "subscribed", and of messages of a WebSocket over several partitions
  std::chrono::steady_clock::time_point at{};
};

enum class Wire { kSse, kSseJson, kWsJson, kWsRaw };

class Stream {
 public:
  // `query` is what follows '?', without format=.
  Stream(std::uint16_t port, Wire wire, std::string_view query, HeaderList headers = {});
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  bool answered() const { return status_ != 0; }
  int status() const { return status_; }
  bool live() const { return (status_ == 200 || status_ == 101) && !ended_; }
  bool ended() const { return ended_; }
  bool ended_cleanly() const { return clean_; }  // last chunk, or a close frame
  std::uint16_t close_code() const { return close_code_; }
  std::optional<std::chrono::milliseconds> retry() const { return sse_.retry(); }
  std::chrono::steady_clock::time_point ended_at() const { return ended_at_; }
  const std::string& body() const { return body_; }  // of an answer that is no stream
  std::string header(std::string_view name) const;

  const std::vector<Item>& items() const { return items_; }
  std::size_t count(Item::Kind kind) const;
  MessageId last_id() const { return last_id_; }
  const std::string& last_event_id() const { return sse_.last_event_id(); }  // of SSE: what to resume with
  const Item* find(std::string_view event) const;  // the last kOther item of that type

  void send_text(std::string_view text);  // one masked text frame
  void send_frame(wire::WsOpcode opcode, std::string_view payload, bool fin = true);
  void send_bytes(std::string_view bytes);
  // A reader that stops reading: StreamSet leaves its socket alone.
  void pause(bool paused) { paused_ = paused; }

 private:
  friend class StreamSet;
  void read();
  void take(std::string_view bytes);
  void take_body(std::string_view bytes);
  void take_json(std::string_view text, std::string_view sse_event, std::string_view sse_id);
  void take_sse(wire::SseEvent event);
  void add(Item item);
  void end(bool clean);

  Wire wire_;
  int fd_;
  int status_ = 0;
  bool ended_ = false;
  bool clean_ = false;
  bool paused_ = false;
  std::uint16_t close_code_ = 0;
  std::chrono::steady_clock::time_point ended_at_;
  wire::HttpResponseParser http_;
  wire::SseParser sse_;
  wire::WsParser ws_;
  std::string body_;
  std::vector<Item> items_;
  MessageId last_id_ = 0;
};

class StreamSet {
 public:
  Stream& add(std::unique_ptr<Stream> stream) { return *streams_.emplace_back(std::move(stream)); }
  Stream& open(std::uint16_t port, Wire wire, std::string_view query, HeaderList headers = {}) {
    return add(std::make_unique<Stream>(port, wire, query, std::move(headers)));
  }
  const std::vector<std::unique_ptr<Stream>>& all() const { return streams_; }
  void clear() { streams_.clear(); }

  // Moves bytes until `done`, asked after each round; false if that takes longer than `limit`.
  bool run_until(const std::function<bool()>& done,
                 std::chrono::milliseconds limit = std::chrono::seconds(15));
  bool await_live();  // all of them
  void run_for(std::chrono::milliseconds time);

 private:
  std::vector<std::unique_ptr<Stream>> streams_;
};

}  // namespace relay::test
