#include "frontend/admin_json.hpp"

#include <unistd.h>

#include <array>

namespace relay::frontend {
namespace {

Error bad_body(std::string why) {
  return make_error(ErrorKind::kInvalid, "bad_body", std::move(why));
}

constexpr std::size_t kMaxReason = 123;  // RFC 6455 §5.5, less the code

}  // namespace

Result<Json> read_body(const Exchange& exchange) {
  const std::string& text = exchange.request().body;
  // Named: JSON converts to an Error as well as to itself.
  using boost::system::in_place_value;
  if (text.empty()) return Result<Json>(in_place_value, Json::object());
  Json body = Json::parse(text, nullptr, false);
  if (!body.is_object()) return bad_body("the body must be one JSON object");
  return Result<Json>(in_place_value, std::move(body));
}

Result<std::optional<std::string>> text_member(const Json& body, const std::string& key) {
  const auto found = body.find(key);
  if (found == body.end() || found->is_null()) return std::optional<std::string>();
  if (!found->is_string()) return bad_body("\"" + key + "\" must be a string");
  return std::optional<std::string>(found->get<std::string>());
}

Result<std::optional<std::int64_t>> number_member(const Json& body, const std::string& key,
                                                  std::int64_t max) {
  const auto found = body.find(key);
  if (found == body.end() || found->is_null()) return std::optional<std::int64_t>();
  const bool good =
      found->is_number_integer() && found->get<std::int64_t>() >= 0 && found->get<std::int64_t>() <= max;
  if (!good) return bad_body("\"" + key + "\" must be a number from 0 to " + std::to_string(max));
  return std::optional<std::int64_t>(found->get<std::int64_t>());
}

Result<std::string> reason_member(const Json& body) {
  const auto reason = text_member(body, "reason");
  if (!reason) return reason.error();
  std::string text = reason->value_or("");
  if (text.size() <= kMaxReason) return text;
  std::size_t end = kMaxReason;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace relay::frontend
