#include "drivers/nchan.hpp"

#include "drivers/driver_options.hpp"
#include "drivers/http_answers.hpp"
#include "drivers/requests.hpp"
#include "drivers/sse_reader.hpp"
#include "drivers/ws_reader.hpp"

namespace relay::bench {
namespace {

class NchanEvents final : public SseReader {
  void on_event(const SseFields& fields, StreamSink& sink) override {
    sink.on_message(fields.data, fields.id);
  }
  // ": hi" first; ":410: 410 Gone" when the channel was deleted.
  void on_comment(std::string_view text, StreamSink& sink) override {
    if (text.starts_with("410")) sink.on_end();
  }
};

class NchanFrames final : public WsReader {
  void on_open(StreamSink& sink) override { sink.on_live(); }
  void on_text(std::string_view text, StreamSink& sink) override { sink.on_message(text, {}); }
};

// ws+meta.nchan: "id: 1795257347:0\ncontent-type: …\n\nhello"
class NchanFramesWithIds final : public WsReader {
  void on_open(StreamSink& sink) override { sink.on_live(); }
  void on_text(std::string_view text, StreamSink& sink) override {
    const std::size_t end = text.find("\n\n");
    if (end == std::string_view::npos) return sink.on_refused(0, "a message without ws+meta.nchan");
    sink.on_message(text.substr(end + 2), between(text.substr(0, end + 1), "id: ", "\n"));
  }
};

class NchanDriver final : public Driver {
 public:
  NchanDriver(Sites sites, const DriverOptions& options)
      : sites_(std::move(sites)),
        sse_(options.get("sse", "/sse/{channels}")),
        ws_(options.get("ws", "/ws/{channels}")),
        multi_(options.get("multi", "/multi/{channels}")),
        publish_(options.get("publish", "/pub/{channel}")),
        separator_(options.get("separator", ",")) {}

  Traits traits() const override { return {.resumes = true, .pipelines = true}; }

  void open_stream(const StreamRequest& request, std::string& out) const override {
    const bool sse = request.transport == Transport::kSse;
    std::string more;
    if (!request.last_id.empty()) more = "Last-Event-ID: " + std::string(request.last_id) + "\r\n";
    if (request.transport == Transport::kWs) more += "Sec-WebSocket-Protocol: ws+meta.nchan\r\n";
    const std::string& one = sse ? sse_ : ws_;
    const std::string target = sites_.streams.base() + filled(request.channels.size() > 1 ? multi_ : one,
                                                              "channels", joined(request.channels));
    if (sse) return sites_.streams.append_sse_get(out, target, request.token, more);
    sites_.streams.append_ws_get(out, target, request.token, more);
  }

  std::unique_ptr<StreamReader> stream_reader(const StreamRequest& request) const override {
    if (request.transport == Transport::kSse) return std::make_unique<NchanEvents>();
    if (request.transport == Transport::kWs) return std::make_unique<NchanFramesWithIds>();
    return std::make_unique<NchanFrames>();
  }

  std::unique_ptr<PublishReader> publish_reader() const override { return std::make_unique<HttpAnswers>(); }

  void publish(const PublishRequest& request, std::string& out) const override {
    sites_.publish.append_post(out, sites_.publish.base() + filled(publish_, "channel", request.channel),
                               request.token, request.payload);
  }

 private:
  std::string joined(std::span<const std::string> channels) const {
    std::string out;
    for (const std::string& channel : channels) out += (out.empty() ? "" : separator_) + channel;
    return out;
  }

  Sites sites_;
  std::string sse_;
  std::string ws_;
  std::string multi_;
  std::string publish_;
  std::string separator_;
};

}  // namespace

relay::Result<std::unique_ptr<Driver>> make_nchan(const TargetPlan& target) {
  auto sites = Sites::make(target);
  if (!sites) return sites.error();
  const auto options = DriverOptions::make(target, {"sse", "ws", "multi", "publish", "separator"});
  if (!options) return options.error();
  return std::unique_ptr<Driver>(std::make_unique<NchanDriver>(std::move(*sites), *options));
}

}  // namespace relay::bench
