#include "frontend/bridge_verify.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "frontend/bridge_answers.hpp"
#include "frontend/bridge_handlers.hpp"
#include "frontend/errors.hpp"

namespace relay::frontend {
namespace {

constexpr std::string_view kChannelPrefix = "$bridge-verify:";
constexpr std::size_t kMaxOriginBytes = 512;  // an Origin header is at most some 280 bytes

hub::ChannelName channel_of(std::string_view client_id) {
  return hub::ChannelName::copy_of(std::string(kChannelPrefix) + std::string(client_id));
}

std::string origin_of(std::string_view url) {
  std::string origin = repair_utf8(extract_origin(url));
  if (origin.size() > kMaxOriginBytes)
    origin = repair_utf8(std::string_view(origin).substr(0, kMaxOriginBytes));
  return origin;
}

// Takes the members of the outermost object that are strings, as they come: a body of any shape costs no more
// memory than its strings.
class TopLevelStrings final : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::vector<QueryPair> pairs;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool string(string_t& value) override {
    if (depth_ == 1 && in_object_) set(std::move(value));
    return true;
  }
  bool key(string_t& name) override {
    if (depth_ == 1) key_ = std::move(name);
    return true;
  }
  bool start_object(std::size_t) override {
    if (depth_++ == 0) in_object_ = true;
    return true;
  }
  bool end_object() override { return leave(); }
  bool start_array(std::size_t) override {
    ++depth_;
    return true;
  }
  bool end_array() override { return leave(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool leave() {
    --depth_;
    return true;
  }
  void set(std::string value) {
    for (QueryPair& pair : pairs) {
      if (pair.key == key_) {
        pair.value = std::move(value);
        return;
      }
    }
    if (pairs.size() < kMaxMembers) pairs.push_back({std::move(key_), std::move(value)});
  }
  static constexpr std::size_t kMaxMembers = 64;  // four are read
  std::string key_;
  std::size_t depth_ = 0;
  bool in_object_ = false;
};

std::vector<QueryPair> body_parameters(std::string_view content_type, std::string_view body) {
  if (body.empty() || content_type.find("application/json") == std::string_view::npos) return {};
  TopLevelStrings strings;
  if (!nlohmann::json::sax_parse(body.begin(), body.end(), &strings)) return {};
  return std::move(strings.pairs);
}

void answer_verdict(const ExchangePtr& exchange, const BridgeRecord& asked,
                    const Result<hub::ReadAnswer>& answer) {
  if (!answer)
    return exchange->respond(bridge_error(status_of(answer.error().kind), "failed to read connections"));
  std::vector<BridgeRecord> records;
  for (const hub::MessagePtr& message : answer->pages.front().messages) {
    records.push_back(BridgeRecord::parse(message->data()));
  }
  const std::string_view verdict = verdict_text(judge(records, asked));
  exchange->respond(json_response(200, "{\"status\":\"" + std::string(verdict) + "\"}\n"));
}

}  // namespace

std::string extract_origin(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos || scheme_end == 0) return std::string(url);
  const std::string_view scheme = url.substr(0, scheme_end);
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const bool good = is_letter(scheme.front()) && std::all_of(scheme.begin(), scheme.end(), [&](char c) {
                      return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
                    });
  std::string_view host = url.substr(scheme_end + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const auto user_end = host.rfind('@'); user_end != std::string_view::npos)
    host.remove_prefix(user_end + 1);
  if (!good || host.empty()) return std::string(url);
  return to_lower(scheme) + "://" + std::string(host);
}

std::string_view verdict_text(BridgeVerdict verdict) {
  switch (verdict) {
    case BridgeVerdict::kOk:
      return "ok";
    case BridgeVerdict::kWarning:
      return "warning";
    case BridgeVerdict::kDanger:
      return "danger";
    case BridgeVerdict::kUnknown:
      break;
  }
  return "unknown";
}

// "<address> <origin>": an address has no space.
std::string BridgeRecord::text() const {
  return address + ' ' + origin;
}

BridgeRecord BridgeRecord::parse(std::string_view text) {
  const auto space = std::min(text.find(' '), text.size());
  return {std::string(text.substr(0, space)), std::string(text.substr(std::min(space + 1, text.size())))};
}

BridgeVerdict judge(const std::vector<BridgeRecord>& records, const BridgeRecord& asked) {
  BridgeVerdict verdict = records.empty() ? BridgeVerdict::kUnknown : BridgeVerdict::kDanger;
  for (const BridgeRecord& record : records) {
    if (record.origin != asked.origin) continue;
    if (record.address == asked.address) return BridgeVerdict::kOk;
    verdict = BridgeVerdict::kWarning;
  }
  return verdict;
}

void record_connection(LoopContext& context, const std::string& client_id, const net::IpAddress& address,
                       std::string_view origin_header) {
  const Milliseconds ttl = context.settings->options.bridge.connect_cache_ttl;
  if (origin_header.empty() || ttl.count() <= 0) return;
  hub::AppendRequest request;
  request.draft.channel = channel_of(client_id);
  request.draft.data = BridgeRecord{address.text(), origin_of(origin_header)}.text();
  request.draft.ttl_ms = static_cast<std::uint32_t>(ttl.count());
  request.keep.max_count = kMaxRecords;
  request.keep.max_age = ttl;
  // Nobody waits for it: a stream is not refused because its origin could not be noted.
  context.hub.append(std::move(request), [](Result<hub::Appended>) {});
}

Result<BridgeVerifyRequest> parse_bridge_verify(const BridgeQuery& query, std::string_view content_type,
                                                std::string_view body) {
  const std::vector<QueryPair> members = body_parameters(content_type, body);
  const auto find = [&](std::string_view key) -> std::string {
    for (const QueryPair& pair : members) {
      if (pair.key == key) return pair.value;
    }
    const std::string* value = members.empty() ? query.find(key) : nullptr;
    return value == nullptr ? std::string() : *value;
  };
  const auto bad = [](std::string message) {
    return make_error(ErrorKind::kInvalid, "bad_request", std::move(message));
  };
  BridgeVerifyRequest request{find("client_id"), find("url")};
  if (request.client_id.empty()) return bad("param \"client_id\" not present");
  if (request.url.empty()) return bad("param \"url\" not present");
  const std::string type = find("type");
  if (!type.empty() && !equals_ignore_case(type, "connect")) return bad("param \"type\" must be: connect");
  return request;
}

void handle_bridge_verify(const ExchangePtr& exchange) {
  LoopContext& context = exchange->context();
  const wire::HttpRequest& http = exchange->request();
  const options::BridgeOptions& options = context.settings->options.bridge;
  const auto refuse = [&](std::string_view message) {
    context.metrics.add(metrics::Counter::kBridgeBadRequests);
    exchange->respond(bridge_error(400, message));
  };
  if (http.body.size() > static_cast<std::size_t>(options.max_body_bytes))
    return refuse("request body too large");
  const auto request =
      parse_bridge_verify(BridgeQuery(http.query()), http.header("Content-Type").value_or(""), http.body);
  if (!request) return refuse(request.error().message);
  BridgeRecord asked{exchange->client_address().text(), origin_of(request->url)};
  // No stream has another kind of id, so nothing can be recorded of one.
  const auto client_id = parse_client_id(request->client_id);
  if (!client_id) return exchange->respond(json_response(200, "{\"status\":\"unknown\"}\n"));
  context.hub.read({channel_of(*client_id), 0, kMaxRecords, options.connect_cache_ttl},
                   [exchange, asked = std::move(asked)](const Result<hub::ReadAnswer>& answer) {
                     answer_verdict(exchange, asked, answer);
                   });
}

}  // namespace relay::frontend
