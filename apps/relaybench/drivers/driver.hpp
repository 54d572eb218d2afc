// What differs from server to server: which bytes open a stream and what comes back on it, which bytes
// publish and how the answer reads. Everything else (sockets, schedule, checks, clocks) is load/.
//
// The path of bytes, for one subscriber:
//
//     connected → open_stream() writes the request → the socket
//     the socket → StreamReader::on_data(whatever one read gave) → StreamSink: on_live(), on_message() …
//
// and for one publisher connection:
//
//     connected → open_publisher() writes its greeting, if any → PublishReader says on_ready()
//     due → publish() writes one message behind the other → the socket
//     the socket → PublishReader::on_data() → PublishSink::on_answer(), in the order of the messages or by
//     ref
//
// A Driver is made once per process from the target; it is immutable: every reader and connection shares it.
// Readers belong to one connection. Views are valid during the call. Readers parse in place and hold bytes
// only of what is not whole yet: an idle subscriber costs little, a delivery costs no allocation. Building
// blocks: drivers/sse_reader.hpp, ws_reader.hpp, http_answers.hpp. A new driver is its file and one row in
// drivers.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plan.hpp"

namespace relay::bench {

struct StreamRequest {
  std::uint32_t client = 0;  // its number over all processes
  Transport transport = Transport::kSse;
  std::span<const std::string> channels;
  std::string_view token;    // empty: none
  std::string_view last_id;  // resume behind it; empty: begin live
};

// What a subscriber's connection does with what its reader finds.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  // The server has confirmed: what is published from now on must come.
  virtual void on_live() = 0;
  // One message: the payload as it was published, and the id to resume from (empty: it has none).
  virtual void on_message(std::string_view payload, std::string_view id) = 0;
  // The server says that something between is gone.
  virtual void on_gap(std::string_view text) = 0;
  // It will not have us: `status` of HTTP or the close code of a WebSocket, 0 for bytes that are no protocol.
  virtual void on_refused(int status, std::string_view text) = 0;
  // The server said good-bye properly.
  virtual void on_end() = 0;
  // Bytes to send back: pongs, further subscriptions.
  virtual void reply(std::string_view bytes) = 0;
};

class StreamReader {
 public:
  virtual ~StreamReader() = default;
  // Hot: once per read of a subscriber's socket.
  virtual void on_data(std::string_view bytes, StreamSink& sink) = 0;
};

struct PublishRequest {
  std::string_view channel;
  std::string_view payload;
  std::string_view token;
  std::uint64_t ref = 0;  // counts the messages of this connection from 1
  bool ephemeral = false;
};

struct PublishAnswer {
  enum class Kind : std::uint8_t { kStored, kRefused, kUnknown } kind = Kind::kStored;
  int status = 0;
  std::string_view text;             // of a refusal
  std::optional<std::uint64_t> ref;  // nothing: answers come in the order of the messages
};

class PublishSink {
 public:
  virtual ~PublishSink() = default;
  virtual void on_ready() = 0;
  virtual void on_answer(const PublishAnswer& answer) = 0;
  // Nothing more can be published here.
  virtual void on_refused(int status, std::string_view text) = 0;
  virtual void reply(std::string_view bytes) = 0;
};

class PublishReader {
 public:
  virtual ~PublishReader() = default;
  virtual void on_data(std::string_view bytes, PublishSink& sink) = 0;
};

class Driver {
 public:
  struct Traits {
    bool resumes = false;       // last_id is understood
    bool pipelines = false;     // several messages may be under way on one publisher connection
    bool hex_channels = false;  // channel names must be 64 hex digits
    bool ready_at_once = true;  // a publisher connection needs no greeting: open_publisher() writes nothing
    bool many_channels = true;  // one stream can hear several channels
    bool ephemeral = false;     // PublishRequest::ephemeral is understood
  };
  virtual ~Driver() = default;
  virtual Traits traits() const = 0;

  virtual void open_stream(const StreamRequest& request, std::string& out) const = 0;
  virtual std::unique_ptr<StreamReader> stream_reader(const StreamRequest& request) const = 0;

  virtual void open_publisher(std::string_view token, std::string& out) const {
    (void)token;
    (void)out;
  }
  virtual std::unique_ptr<PublishReader> publish_reader() const = 0;
  virtual void publish(const PublishRequest& request, std::string& out) const = 0;
};

// One row of the table in drivers.cpp.
struct DriverRow {
  std::string_view name;
  std::string_view help;              // one line
  std::vector<Transport> transports;  // subscribers' ones it knows
  std::string_view options;           // of --driver-option, "name: meaning; …"; empty: none
  // Errors: kInvalid for a URL or option that makes no sense to it.
  relay::Result<std::unique_ptr<Driver>> (*make)(const TargetPlan& target);
};

std::span<const DriverRow> drivers();
const DriverRow* find_driver(std::string_view name);
// Finds the row, checks the transports, makes it. Errors: kInvalid "no_driver" (with the nearest name),
// "bad_transport", and those of the row.
relay::Result<std::unique_ptr<Driver>> make_driver(const TargetPlan& target);

}  // namespace relay::bench
