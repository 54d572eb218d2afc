#include "drivers/centrifugo.hpp"

#include "base/text.hpp"
#include "drivers/driver_options.hpp"
#include "drivers/http_answers.hpp"
#include "drivers/requests.hpp"
#include "drivers/sse_reader.hpp"
#include "drivers/ws_reader.hpp"

namespace relay::bench {
namespace {

std::string_view number_behind(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + name.size());
  return text.substr(0, text.find_first_not_of("0123456789"));
}

// What the pushes of one connection mean, whichever way they come.
class Pushes {
 public:
  explicit Pushes(const StreamRequest& request)
      : has_ids_(request.channels.size() == 1), resumes_(has_ids_ && !request.last_id.empty()) {}

  void take(std::string_view push, StreamSink& sink) {
    if (push.starts_with("{\"connect\":")) return take_connect(push, sink);
    if (push.starts_with("{\"disconnect\":")) return sink.on_refused(0, between(push, "\"reason\":\"", "\""));
    const std::size_t publication = push.find("\"pub\":{");
    if (publication != std::string_view::npos) take_publication(push.substr(publication), sink);
  }

 private:
  void take_connect(std::string_view push, StreamSink& sink) {
    const std::string_view epoch = between(push, "\"epoch\":\"", "\"");
    if (has_ids_ && !epoch.empty()) epoch_ = "/" + std::string(epoch);
    const bool recovered = push.find("\"recovered\":true") != std::string_view::npos;
    sink.on_live();
    if (resumes_ && !recovered) sink.on_gap("not recovered");
    std::size_t at = push.find("\"publications\":[");
    while (at != std::string_view::npos && (at = push.find("{\"data\":", at)) != std::string_view::npos) {
      const std::size_t next = push.find("{\"data\":", at + 1);
      take_publication(push.substr(at, next == std::string_view::npos ? next : next - at), sink);
      at = next;
    }
  }

  void take_publication(std::string_view publication, StreamSink& sink) {
    const std::string_view payload = between(publication, "\"data\":\"", "\"");
    if (payload.data() == nullptr) return sink.on_message(publication, {});  // foreign
    id_.clear();
    if (!epoch_.empty()) id_.append(number_behind(publication, "\"offset\":")).append(epoch_);
    sink.on_message(payload, id_);
  }

  std::string epoch_;  // "/xyz"; empty: no history
  std::string id_;
  bool has_ids_;
  bool resumes_;
};

class CentrifugoEvents final : public SseReader {
 public:
  explicit CentrifugoEvents(const StreamRequest& request) : pushes_(request) {}

 private:
  void on_open(StreamSink&) override {}
  void on_event(const SseFields& fields, StreamSink& sink) override { pushes_.take(fields.data, sink); }
  Pushes pushes_;
};

class CentrifugoFrames final : public WsReader {
 public:
  explicit CentrifugoFrames(const StreamRequest& request) : pushes_(request) {}

 private:
  // Several pushes in a frame are lines.
  void on_text(std::string_view text, StreamSink& sink) override {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      pushes_.take(text.substr(0, end), sink);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
  Pushes pushes_;
};

// 200 says {"result":…} or {"error":…}.
class CentrifugoAnswers final : public HttpAnswers {
  PublishAnswer::Kind judge(int status, std::string_view body) const override {
    if (body.find("\"error\"") != std::string_view::npos) return PublishAnswer::Kind::kRefused;
    return HttpAnswers::judge(status, body);
  }
};

class CentrifugoDriver final : public Driver {
 public:
  CentrifugoDriver(Sites sites, const DriverOptions& options) : sites_(std::move(sites)) {
    const std::string space = options.get("namespace", "");
    if (!space.empty()) prefix_ = space + ":";
    const std::string key = options.get("api_key", "");
    fields_ = "Content-Type: application/json\r\n";
    if (!key.empty()) fields_ += "X-API-Key: " + key + "\r\n";
  }

  Traits traits() const override { return {.resumes = true, .pipelines = true, .ephemeral = true}; }

  void open_stream(const StreamRequest& request, std::string& out) const override {
    std::string connect = "{";
    if (!request.token.empty()) connect += "\"token\":" + json_string(request.token) + ",";
    connect += "\"subs\":{";
    for (const std::string& channel : request.channels) {
      if (&channel != request.channels.data()) connect += ',';
      connect += json_string(prefix_ + channel) + ":" + position(request);
    }
    connect += "}}";
    const bool sse = request.transport == Transport::kSse;
    std::string target = sites_.streams.base() + (sse ? "/connection/uni_sse" : "/connection/uni_websocket");
    target += "?cf_connect=" + percent_encoded(connect);
    if (sse) return sites_.streams.append_sse_get(out, target, {});
    sites_.streams.append_ws_get(out, target, {});
  }

  std::unique_ptr<StreamReader> stream_reader(const StreamRequest& request) const override {
    if (request.transport == Transport::kSse) return std::make_unique<CentrifugoEvents>(request);
    return std::make_unique<CentrifugoFrames>(request);
  }

  std::unique_ptr<PublishReader> publish_reader() const override {
    return std::make_unique<CentrifugoAnswers>();
  }

  void publish(const PublishRequest& request, std::string& out) const override {
    std::string body = "{\"channel\":" + json_string(prefix_ + std::string(request.channel)) + ",\"data\":\"";
    body.append(request.payload).append("\"");  // letters and digits
    if (request.ephemeral) body += ",\"skip_history\":true";
    body += "}";
    sites_.publish.append_post(out, sites_.publish.base() + "/api/publish", {}, body, fields_);
  }

 private:
  static std::string position(const StreamRequest& request) {
    const std::size_t slash = request.last_id.find('/');
    if (request.channels.size() != 1 || slash == std::string_view::npos) return "{}";
    return "{\"recover\":true,\"offset\":" + std::string(request.last_id.substr(0, slash)) +
           ",\"epoch\":" + json_string(request.last_id.substr(slash + 1)) + "}";
  }

  Sites sites_;
  std::string prefix_;
  std::string fields_;
};

}  // namespace

relay::Result<std::unique_ptr<Driver>> make_centrifugo(const TargetPlan& target) {
  auto sites = Sites::make(target);
  if (!sites) return sites.error();
  const auto options = DriverOptions::make(target, {"api_key", "namespace"});
  if (!options) return options.error();
  return std::unique_ptr<Driver>(std::make_unique<CentrifugoDriver>(std::move(*sites), *options));
}

}  // namespace relay::bench
