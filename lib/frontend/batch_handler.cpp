// POST /v1/messages: NDJSON in, NDJSON out, one answer line per line, in order. Each line is published on its
// own: one that fails stops no other.
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "frontend/errors.hpp"
#include "frontend/handlers.hpp"
#include "frontend/json_scan.hpp"
#include "frontend/parameters.hpp"
#include "frontend/publish.hpp"

namespace relay::frontend {
namespace {

using Json = nlohmann::ordered_json;

Error bad_line(std::string message) {
  return make_error(ErrorKind::kInvalid, "bad_line", std::move(message));
}

Result<std::string> text_member(const Json& line, const char* key) {
  const auto found = line.find(key);
  if (found == line.end()) return std::string();
  if (!found->is_string()) return bad_line(std::string("\"") + key + "\" must be a string");
  return found->get<std::string>();
}

Result<Milliseconds> ttl_member(const Json& ttl) {
  if (ttl.is_number_unsigned() && ttl.get<std::uint64_t>() <= 1'000'000'000)
    return Milliseconds(ttl.get<std::int64_t>() * 1000);
  if (ttl.is_string()) return parse_duration(ttl.get<std::string>(), "ttl");
  return make_error(ErrorKind::kInvalid, "bad_ttl", "\"ttl\" must be seconds or a duration like \"30s\"");
}

Result<hub::PublishRequest> read_line(std::string_view text) {
  if (!is_acceptable_json(text)) return bad_line("the line is not JSON, or is nested too deep");
  const Json line = Json::parse(text);
  if (!line.is_object()) return bad_line("the line is not a JSON object");
  for (const auto& [key, value] : line.items()) {
    if (key != "channel" && key != "data" && key != "event" && key != "ttl" && key != "exclude") {
      return bad_line("unknown member \"" + key + "\"");
    }
  }
  hub::PublishRequest request;
  const auto channel = text_member(line, "channel");
  if (!channel) return channel.error();
  if (const auto good = hub::check_channel_name(*channel); !good) return good.error();
  request.draft.channel = hub::ChannelName::copy_of(*channel);
  const auto event = text_member(line, "event");
  if (!event) return event.error();
  request.draft.event = *event;
  const auto data = line.find("data");
  if (data == line.end()) return bad_line("\"data\" is missing");
  request.draft.is_json = !data->is_string();
  request.draft.data = data->is_string() ? data->get<std::string>()
                                         : std::string(raw_member(text, "data").value_or(data->dump()));
  if (const auto ttl = line.find("ttl"); ttl != line.end()) {
    const auto parsed = ttl_member(*ttl);
    if (!parsed) return parsed.error();
    request.ttl = *parsed;
  }
  if (const auto exclude = line.find("exclude"); exclude != line.end()) {
    if (!exclude->is_array()) return bad_line("\"exclude\" must be an array of client ids");
    for (const Json& id : *exclude) {
      if (!id.is_string()) return bad_line("\"exclude\" must be an array of client ids");
      request.draft.exclude.push_back(id.get<std::string>());
    }
  }
  return request;
}

struct Batch {
  ExchangePtr exchange;
  std::vector<std::string> answers;
  std::size_t missing = 0;
};

void answer_line(const std::shared_ptr<Batch>& batch, std::size_t at, const Result<Published>& published) {
  std::string& line = batch->answers[at];
  if (!published) {
    line = error_response(published.error()).body;
    line.insert(1, "\"status\":" + std::to_string(status_of(published.error().kind)) + ",");
  } else if (published->local) {
    line = "{\"scope\":\"local\"}\n";
  } else {
    line = "{\"id\":" + std::to_string(published->id) + "}\n";
  }
  if (--batch->missing > 0) return;
  wire::HttpResponse response = json_response(200, {});
  response.content_type = "application/x-ndjson";
  for (const std::string& answer : batch->answers) response.body += answer;
  batch->exchange->respond(std::move(response));
}

std::vector<std::string_view> lines_of(std::string_view body) {
  std::vector<std::string_view> lines;
  for (const std::string_view line : split(body, '\n')) {
    if (!trim(line).empty()) lines.push_back(trim(line));
  }
  return lines;
}

}  // namespace

void handle_batch(const ExchangePtr& exchange) {
  LoopContext& context = exchange->context();
  const options::PublishOptions& limits = context.settings->options.publish;
  const std::string body = std::move(exchange->mutable_request().body);
  const auto refuse = [&](ErrorKind kind, std::string code, std::string message) {
    const Error error = make_error(kind, std::move(code), std::move(message));
    count_publish(context.metrics, error);
    exchange->respond(error_response(error));
  };
  if (body.size() > static_cast<std::size_t>(limits.max_batch_bytes)) {
    return refuse(ErrorKind::kTooLarge, "too_large",
                  "a batch is at most " + std::to_string(limits.max_batch_bytes) + " bytes");
  }
  if (!is_utf8(body)) return refuse(ErrorKind::kUnsupported, "not_utf8", "the batch is not UTF-8 text");
  const auto lines = lines_of(body);
  if (lines.empty()) return refuse(ErrorKind::kInvalid, "no_body", "the batch has no lines");
  if (lines.size() > static_cast<std::size_t>(limits.max_batch_lines)) {
    return refuse(ErrorKind::kTooLarge, "too_large",
                  "a batch is at most " + std::to_string(limits.max_batch_lines) + " lines");
  }
  auto batch = std::make_shared<Batch>();
  batch->exchange = exchange;
  batch->answers.resize(lines.size());
  batch->missing = lines.size();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto request = read_line(lines[i]);
    if (!request) {
      count_publish(context.metrics, request.error());
      answer_line(batch, i, request.error());
    } else {
      publish(context, std::move(*request),
              [batch, i](const Result<Published>& published) { answer_line(batch, i, published); });
    }
  }
}

}  // namespace relay::frontend
