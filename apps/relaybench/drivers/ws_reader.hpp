// The stream of a WebSocket subscriber (RFC 6455): handshake answer, frames, messages.
//
// A driver derives from it and says what its server's messages mean; text and binary are the same to it. A
// frame that a read brought whole is handed on where it lies; only what is not whole is kept. Extensions are
// not offered, so none are read. One connection, one thread; views are valid during the call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "drivers/driver.hpp"

namespace relay::bench {

class WsReader : public StreamReader {
 public:
  void on_data(std::string_view bytes, StreamSink& sink) final;

 protected:
  // The head came, and is 101.
  virtual void on_open(StreamSink& sink);
  virtual void on_text(std::string_view text, StreamSink& sink) = 0;

 private:
  enum class Stage : std::uint8_t { kHead, kFrames, kOver };

  std::size_t take(std::string_view bytes, StreamSink& sink);
  std::size_t take_head(std::string_view bytes, StreamSink& sink);
  std::size_t take_frame(std::string_view bytes, StreamSink& sink);
  void take_message(unsigned char first, std::string_view payload, StreamSink& sink);
  void take_control(unsigned char opcode, std::string_view payload, StreamSink& sink);
  void refuse(int status, std::string_view text, StreamSink& sink);

  std::string rest_;       // of the head, or of a frame that is not whole
  std::string fragments_;  // of a message that is not whole
  Stage stage_ = Stage::kHead;
};

// Appends a text frame from a client: masked with zeros, which RFC 6455 §5.3 asks a browser not to do and no
// server minds; it leaves the bytes as they are.
void append_client_text(std::string& out, std::string_view text);

}  // namespace relay::bench
