#include "drivers/bridge.hpp"

#include "drivers/driver_options.hpp"
#include "drivers/http_answers.hpp"
#include "drivers/requests.hpp"
#include "drivers/sse_reader.hpp"

namespace relay::bench {
namespace {

class BridgeStream final : public SseReader {
  void on_event(const SseFields& fields, StreamSink& sink) override {
    const std::string_view payload = between(fields.data, "\"message\":\"", "\"");
    if (payload.data() != nullptr) sink.on_message(payload, fields.id);  // else a heartbeat
  }
};

class BridgeDriver final : public Driver {
 public:
  BridgeDriver(Sites sites, const DriverOptions& options)
      : sites_(std::move(sites)),
        events_(path_of(sites_.streams) + "/events?client_id="),
        before_recipient_(path_of(sites_.publish) + "/message?client_id=" + std::string(64, 'b') + "&to="),
        behind_recipient_("&ttl=" + options.get("ttl", "300")) {}

  Traits traits() const override {
    return {.resumes = true, .pipelines = true, .hex_channels = true, .ephemeral = true};
  }

  void open_stream(const StreamRequest& request, std::string& out) const override {
    std::string target = events_;
    for (const std::string& channel : request.channels) {
      if (&channel != request.channels.data()) target += ',';
      target += channel;
    }
    std::string last_id;
    if (!request.last_id.empty()) last_id = "Last-Event-ID: " + std::string(request.last_id) + "\r\n";
    sites_.streams.append_sse_get(out, target, request.token, last_id);
  }

  std::unique_ptr<StreamReader> stream_reader(const StreamRequest&) const override {
    return std::make_unique<BridgeStream>();
  }

  std::unique_ptr<PublishReader> publish_reader() const override { return std::make_unique<HttpAnswers>(); }

  void publish(const PublishRequest& request, std::string& out) const override {
    const std::string target =
        before_recipient_ + std::string(request.channel) + (request.ephemeral ? "&ttl=0" : behind_recipient_);
    sites_.publish.append_post(out, target, request.token, request.payload);
  }

 private:
  static std::string path_of(const Site& site) { return site.base().empty() ? "/bridge" : site.base(); }

  Sites sites_;
  std::string events_;
  std::string before_recipient_;
  std::string behind_recipient_;
};

}  // namespace

relay::Result<std::unique_ptr<Driver>> make_bridge(const TargetPlan& target) {
  auto sites = Sites::make(target);
  if (!sites) return sites.error();
  const auto options = DriverOptions::make(target, {"ttl"});
  if (!options) return options.error();
  return std::unique_ptr<Driver>(std::make_unique<BridgeDriver>(std::move(*sites), *options));
}

}  // namespace relay::bench
