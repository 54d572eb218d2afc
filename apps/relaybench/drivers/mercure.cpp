#include "drivers/mercure.hpp"

#include "drivers/driver_options.hpp"
#include "drivers/http_answers.hpp"
#include "drivers/requests.hpp"
#include "drivers/sse_reader.hpp"

namespace relay::bench {
namespace {

class MercureStream final : public SseReader {
  void on_event(const SseFields& fields, StreamSink& sink) override {
    sink.on_message(fields.data, fields.id);
  }
};

class MercureDriver final : public Driver {
 public:
  MercureDriver(Sites sites, const DriverOptions& options)
      : sites_(std::move(sites)),
        streams_(path_of(sites_.streams)),
        publish_(path_of(sites_.publish)),
        topic_(options.get("subscribe", "topic")) {}

  Traits traits() const override { return {.resumes = true, .pipelines = true}; }

  void open_stream(const StreamRequest& request, std::string& out) const override {
    std::string target = streams_;
    char before = '?';
    for (const std::string& channel : request.channels) {
      target += before + topic_ + "=";
      append_percent_encoded(target, channel);
      before = '&';
    }
    std::string last_id;
    if (!request.last_id.empty()) last_id = "Last-Event-ID: " + std::string(request.last_id) + "\r\n";
    sites_.streams.append_sse_get(out, target, request.token, last_id);
  }

  std::unique_ptr<StreamReader> stream_reader(const StreamRequest&) const override {
    return std::make_unique<MercureStream>();
  }

  std::unique_ptr<PublishReader> publish_reader() const override { return std::make_unique<HttpAnswers>(); }

  void publish(const PublishRequest& request, std::string& out) const override {
    std::string form = "topic=";
    append_percent_encoded(form, request.channel);
    form.append("&data=").append(request.payload);  // letters and digits
    sites_.publish.append_post(out, publish_, request.token, form,
                               "Content-Type: application/x-www-form-urlencoded\r\n");
  }

 private:
  static std::string path_of(const Site& site) {
    return site.base().empty() ? "/.well-known/mercure" : site.base();
  }

  Sites sites_;
  std::string streams_;  // paths
  std::string publish_;
  std::string topic_;
};

}  // namespace

relay::Result<std::unique_ptr<Driver>> make_mercure(const TargetPlan& target) {
  auto sites = Sites::make(target);
  if (!sites) return sites.error();
  const auto options = DriverOptions::make(target, {"subscribe"});
  if (!options) return options.error();
  return std::unique_ptr<Driver>(std::make_unique<MercureDriver>(std::move(*sites), *options));
}

}  // namespace relay::bench
