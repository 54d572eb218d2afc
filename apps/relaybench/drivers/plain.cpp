#include "drivers/plain.hpp"

#include "drivers/driver_options.hpp"
#include "drivers/http_answers.hpp"
#include "drivers/requests.hpp"
#include "drivers/sse_reader.hpp"
#include "drivers/ws_reader.hpp"
#include "load/payload.hpp"

namespace relay::bench {
namespace {

// Payloads inside an envelope that nobody knows. A text without one is no message.
void hand_on(std::string_view text, std::string_view id, StreamSink& sink) {
  const std::string_view payload = find_payload(text);
  if (!payload.empty()) sink.on_message(payload, id);
}

class PlainEvents final : public SseReader {
  void on_event(const SseFields& fields, StreamSink& sink) override {
    hand_on(fields.data, fields.id, sink);
  }
};

class PlainFrames final : public WsReader {
 public:
  PlainFrames(std::string hello, std::string live) : hello_(std::move(hello)), live_(std::move(live)) {}

 private:
  void on_open(StreamSink& sink) override {
    if (!hello_.empty()) {
      std::string out;
      append_client_text(out, hello_);
      sink.reply(out);
    }
    hello_ = {};
    if (live_.empty()) sink.on_live();
  }

  void on_text(std::string_view text, StreamSink& sink) override {
    if (!live_.empty() && text.find(live_) != std::string_view::npos) {
      live_ = {};
      return sink.on_live();
    }
    hand_on(text, {}, sink);
  }

  std::string hello_;  // to send when it is open
  std::string live_;   // what is awaited; empty: nothing (more)
};

class PlainDriver final : public Driver {
 public:
  PlainDriver(Sites sites, const DriverOptions& options)
      : sites_(std::move(sites)),
        sse_(options.get("sse", "/events/{channel}")),
        ws_(options.get("ws", "/ws/{channel}")),
        publish_(options.get("publish", "/publish/{channel}")),
        body_(options.get("body", "{payload}")),
        hello_(options.get("hello", "")),
        live_(options.get("live", "")) {
    const std::string type = options.get("type", "");
    if (!type.empty()) fields_ = "Content-Type: " + type + "\r\n";
  }

  Traits traits() const override { return {.resumes = true, .pipelines = true, .many_channels = false}; }

  void open_stream(const StreamRequest& request, std::string& out) const override {
    const bool sse = request.transport == Transport::kSse;
    const std::string target = sites_.streams.base() +
                               filled(sse ? sse_ : ws_, "channel", percent_encoded(request.channels.front()));
    if (!sse) return sites_.streams.append_ws_get(out, target, request.token);
    std::string last_id;
    if (!request.last_id.empty()) last_id = "Last-Event-ID: " + std::string(request.last_id) + "\r\n";
    sites_.streams.append_sse_get(out, target, request.token, last_id);
  }

  std::unique_ptr<StreamReader> stream_reader(const StreamRequest& request) const override {
    if (request.transport == Transport::kSse) return std::make_unique<PlainEvents>();
    return std::make_unique<PlainFrames>(filled(hello_, "channel", request.channels.front()), live_);
  }

  std::unique_ptr<PublishReader> publish_reader() const override { return std::make_unique<HttpAnswers>(); }

  void publish(const PublishRequest& request, std::string& out) const override {
    const std::string target =
        sites_.publish.base() + filled(publish_, "channel", percent_encoded(request.channel));
    if (body_ == "{payload}")
      return sites_.publish.append_post(out, target, request.token, request.payload, fields_);
    const std::string body = filled(filled(body_, "channel", request.channel), "payload", request.payload);
    sites_.publish.append_post(out, target, request.token, body, fields_);
  }

 private:
  Sites sites_;
  std::string sse_;
  std::string ws_;
  std::string publish_;
  std::string body_;
  std::string hello_;
  std::string live_;
  std::string fields_;
};

}  // namespace

relay::Result<std::unique_ptr<Driver>> make_plain(const TargetPlan& target) {
  auto sites = Sites::make(target);
  if (!sites) return sites.error();
  const auto options = DriverOptions::make(target, {"sse", "ws", "publish", "body", "type", "hello", "live"});
  if (!options) return options.error();
  return std::unique_ptr<Driver>(std::make_unique<PlainDriver>(std::move(*sites), *options));
}

}  // namespace relay::bench
