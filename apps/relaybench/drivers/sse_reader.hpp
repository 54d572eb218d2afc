// The stream of a Server-Sent Events subscriber (WHATWG HTML §9.2.6 over RFC 9112): head, transfer coding,
// events.
//
// A driver derives from it and says what its server's events mean. Events are parsed where they lie when a
// read brought them whole; only what is not whole is kept. Lines end in LF or CRLF: no server here ends them
// in a bare CR. One connection, one thread; views are valid during the call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "drivers/driver.hpp"

namespace relay::bench {

struct SseFields {
  std::string_view event;  // empty: the stream names none
  std::string_view id;
  std::string_view data;  // several lines are joined by LF
};

class SseReader : public StreamReader {
 public:
  void on_data(std::string_view bytes, StreamSink& sink) final;

 protected:
  // The head came, and is 200.
  virtual void on_open(StreamSink& sink) { sink.on_live(); }
  // An event with at least one data line, or one without any that has an event name.
  virtual void on_event(const SseFields& fields, StreamSink& sink) = 0;
  virtual void on_comment(std::string_view text, StreamSink& sink);

 private:
  enum class Stage : std::uint8_t { kHead, kPlain, kChunkSize, kChunkData, kChunkEnd, kOver };

  bool take_head(std::string_view& bytes, StreamSink& sink);
  void take_body(std::string_view bytes, StreamSink& sink);
  bool take_chunk_size(std::string_view& bytes, StreamSink& sink);
  void take_text(std::string_view text, StreamSink& sink);
  std::size_t take_events(std::string_view text, StreamSink& sink);
  void take_event(std::string_view block, StreamSink& sink);
  void refuse(int status, std::string_view text, StreamSink& sink);

  std::string rest_;       // of the head, or of an event that is not whole
  std::size_t chunk_ = 0;  // bytes left of the chunk, or its size while that is read
  Stage stage_ = Stage::kHead;
  bool in_extension_ = false;  // of a chunk size
};

}  // namespace relay::bench
