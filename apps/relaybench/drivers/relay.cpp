#include "drivers/relay.hpp"

#include <charconv>

#include "drivers/driver_options.hpp"
#include "drivers/http_answers.hpp"
#include "drivers/requests.hpp"
#include "drivers/sse_reader.hpp"
#include "drivers/ws_reader.hpp"

namespace relay::bench {
namespace {

class SseStream final : public SseReader {
  void on_event(const SseFields& fields, StreamSink& sink) override {
    if (fields.event == "gap") return sink.on_gap(fields.data);
    sink.on_message(fields.data, fields.id);
  }
};

class RawStream final : public WsReader {
  void on_open(StreamSink& sink) override { sink.on_live(); }
  void on_text(std::string_view text, StreamSink& sink) override { sink.on_message(text, {}); }
};

// {"type":"message","channel":"…","id":123,"data":"…"}, or over several partitions
// {"type":"message","cursor":"…","channel":"…","id":123,"data":"…"}. Payloads have nothing to escape, and
// "data" stands behind the ids.
class JsonStream final : public WsReader {
  void on_open(StreamSink& sink) override { sink.on_live(); }
  void on_text(std::string_view text, StreamSink& sink) override {
    if (text.starts_with("{\"type\":\"message\"")) {
      std::string_view id = between(text, "\"cursor\":\"", "\"");
      if (id.empty()) id = between(text, "\"id\":", ",");
      return sink.on_message(between(text, "\"data\":\"", "\""), id);
    }
    if (text.starts_with("{\"type\":\"gap\"")) return sink.on_gap(text);
    if (text.starts_with("{\"type\":\"error\"")) return sink.on_refused(0, text);
  }
};

// The same bytes in the other direction: a StreamSink is made of the PublishSink for each read.
class WsAnswers final : public PublishReader {
 public:
  void on_data(std::string_view bytes, PublishSink& sink) override {
    reader_.publish_sink = &sink;
    Sink stream_sink(sink);
    reader_.on_data(bytes, stream_sink);
  }

 private:
  class Sink final : public StreamSink {
   public:
    explicit Sink(PublishSink& sink) : sink_(sink) {}
    void on_live() override { sink_.on_ready(); }
    void on_message(std::string_view, std::string_view) override {}
    void on_gap(std::string_view) override {}
    void on_refused(int status, std::string_view text) override { sink_.on_refused(status, text); }
    void on_end() override { sink_.on_refused(1001, "the server ended the WebSocket"); }
    void reply(std::string_view bytes) override { sink_.reply(bytes); }

   private:
    PublishSink& sink_;
  };

  class Reader final : public WsReader {
   public:
    PublishSink* publish_sink = nullptr;

   private:
    void on_open(StreamSink& sink) override { sink.on_live(); }
    void on_text(std::string_view text, StreamSink&) override {
      const bool stored = text.starts_with("{\"type\":\"ack\"");
      if (!stored && !text.starts_with("{\"type\":\"error\"")) return;
      PublishAnswer answer;
      answer.ref = ref_of(text);
      answer.text = text;
      answer.kind = stored ? PublishAnswer::Kind::kStored : kind_of(between(text, "\"code\":\"", "\""));
      publish_sink->on_answer(answer);
    }
    // The codes of the store that leave open whether it was stored (lib/storage/redis/partition.hpp).
    static PublishAnswer::Kind kind_of(std::string_view code) {
      const bool open = code == "storage_unknown" || code == "storage_replicas";
      return open ? PublishAnswer::Kind::kUnknown : PublishAnswer::Kind::kRefused;
    }
    static std::uint64_t ref_of(std::string_view text) {
      constexpr std::string_view kRef = "\"ref\":";
      const auto at = text.find(kRef);
      std::uint64_t ref = 0;
      if (at != text.npos) std::from_chars(text.data() + at + kRef.size(), text.data() + text.size(), ref);
      return ref;
    }
  };

  Reader reader_;
};

class RelayDriver final : public Driver {
 public:
  RelayDriver(Sites sites, bool publish_over_ws)
      : sites_(std::move(sites)), publish_over_ws_(publish_over_ws) {}

  Traits traits() const override {
    Traits traits;
    traits.resumes = true;
    traits.pipelines = true;
    traits.ready_at_once = !publish_over_ws_;
    traits.ephemeral = !publish_over_ws_;
    return traits;
  }

  void open_stream(const StreamRequest& request, std::string& out) const override {
    std::string target = request.transport == Transport::kSse ? "/v1/events?" : "/v1/ws?";
    for (const std::string& channel : request.channels) {
      target += "channel=";
      append_percent_encoded(target, channel);
      target += '&';
    }
    if (request.transport == Transport::kSse) {
      target.pop_back();
      const std::string more =
          request.last_id.empty() ? "" : "Last-Event-ID: " + std::string(request.last_id) + "\r\n";
      return sites_.streams.append_sse_get(out, sites_.streams.base() + target, request.token, more);
    }
    target += request.transport == Transport::kWs ? "format=json" : "format=raw";
    if (!request.last_id.empty()) target += "&after=" + percent_encoded(request.last_id);
    sites_.streams.append_ws_get(out, sites_.streams.base() + target, request.token);
  }

  std::unique_ptr<StreamReader> stream_reader(const StreamRequest& request) const override {
    switch (request.transport) {
      case Transport::kSse:
        return std::make_unique<SseStream>();
      case Transport::kWs:
        return std::make_unique<JsonStream>();
      case Transport::kWsRaw:
        return std::make_unique<RawStream>();
    }
    return nullptr;
  }

  void open_publisher(std::string_view token, std::string& out) const override {
    sites_.publish.append_ws_get(out, sites_.publish.base() + "/v1/ws", token);
  }

  std::unique_ptr<PublishReader> publish_reader() const override {
    if (publish_over_ws_) return std::make_unique<WsAnswers>();
    return std::make_unique<HttpAnswers>();
  }

  void publish(const PublishRequest& request, std::string& out) const override {
    if (publish_over_ws_) {
      std::string text = "{\"type\":\"publish\",\"ref\":" + std::to_string(request.ref) + ",\"channel\":\"";
      text.append(request.channel).append("\",\"data\":\"").append(request.payload).append("\"}");
      return append_client_text(out, text);
    }
    std::string target = sites_.publish.base() + "/v1/channels/";
    append_percent_encoded(target, request.channel);
    target += request.ephemeral ? "/messages?ttl=0" : "/messages";
    sites_.publish.append_post(out, target, request.token, request.payload);
  }

 private:
  Sites sites_;
  bool publish_over_ws_;
};

}  // namespace

relay::Result<std::unique_ptr<Driver>> make_relay(const TargetPlan& target) {
  const auto options = DriverOptions::make(target, {});
  if (!options) return options.error();
  auto sites = Sites::make(target);
  if (!sites) return sites.error();
  return std::unique_ptr<Driver>(
      std::make_unique<RelayDriver>(std::move(*sites), target.publish_transport != Transport::kSse));
}

}  // namespace relay::bench
