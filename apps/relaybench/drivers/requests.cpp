#include "drivers/requests.hpp"

#include <algorithm>
#include <array>

#include "wire/ws_handshake.hpp"

namespace relay::bench {
namespace {

// RFC 3986 section 2.3.
constexpr std::array<bool, 256> make_unreserved() {
  std::array<bool, 256> unreserved{};
  for (int c = '0'; c <= '9'; ++c) unreserved[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) unreserved[c] = unreserved[c - 'a' + 'A'] = true;
  for (const char c : {'-', '.', '_', '~'}) unreserved[static_cast<unsigned char>(c)] = true;
  return unreserved;
}

constexpr auto kUnreserved = make_unreserved();

bool is_unreserved(char c) {
  return kUnreserved[static_cast<unsigned char>(c)];
}

bool is_known_scheme(std::string_view scheme) {
  return scheme == "http" || scheme == "https" || scheme == "ws" || scheme == "wss" ||
         scheme == "http+unix" || scheme == "ws+unix";
}

}  // namespace

relay::Result<Site> Site::make(std::string_view url,
                               const std::vector<std::pair<std::string, std::string>>& headers) {
  const std::size_t colon = url.find("://");
  const std::string_view scheme = url.substr(0, colon == std::string_view::npos ? 0 : colon);
  if (!is_known_scheme(scheme))
    return make_error(ErrorKind::kInvalid, "bad_url",
                      "not an http, https, ws or wss URL: " + std::string(url));
  const std::string_view rest = url.substr(colon + 3);
  const std::size_t slash = rest.find_first_of("/?#");
  const std::string_view authority = rest.substr(0, slash);
  const std::string_view host = authority.substr(authority.rfind('@') + 1);
  if (host.empty()) return make_error(ErrorKind::kInvalid, "bad_url", "no host in " + std::string(url));

  Site site;
  if (slash != std::string_view::npos) site.base_ = rest.substr(slash, rest.find_first_of("?#") - slash);
  while (!site.base_.empty() && site.base_.back() == '/') site.base_.pop_back();
  const bool is_unix = scheme.ends_with("+unix");
  site.fields_ = "Host: " + (is_unix ? "localhost" : std::string(host)) + "\r\n";
  for (const auto& [name, value] : headers) site.fields_ += name + ": " + value + "\r\n";
  return site;
}

void Site::append_fields(std::string& out, std::string_view token, std::string_view more) const {
  out.append(" HTTP/1.1\r\n").append(fields_);
  if (!token.empty()) out.append("Authorization: Bearer ").append(token).append("\r\n");
  out.append(more);
}

void Site::append_sse_get(std::string& out, std::string_view target, std::string_view token,
                          std::string_view more) const {
  out.append("GET ").append(target);
  append_fields(out, token, more);
  out.append("Accept: text/event-stream\r\n\r\n");
}

void Site::append_ws_get(std::string& out, std::string_view target, std::string_view token,
                         std::string_view more) const {
  out.append("GET ").append(target);
  append_fields(out, token, more);
  out.append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
  out.append(wire::make_handshake_key()).append("\r\n\r\n");
}

void Site::append_post(std::string& out, std::string_view target, std::string_view token,
                       std::string_view body, std::string_view more) const {
  out.append("POST ").append(target);
  append_fields(out, token, more);
  out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
}

relay::Result<Sites> Sites::make(const TargetPlan& target) {
  auto streams = Site::make(target.url, target.headers);
  if (!streams) return streams.error();
  auto publish = Site::make(target.publish_url.empty() ? target.url : target.publish_url, target.headers);
  if (!publish) return publish.error();
  return Sites{std::move(*streams), std::move(*publish)};
}

// Hot: once per publish. A name is letters for the most part: they are taken as one piece.
void append_percent_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  auto at = text.begin();
  while (true) {
    const auto end = std::find_if_not(at, text.end(), is_unreserved);
    out.append(at, end);
    if (end == text.end()) return;
    const auto byte = static_cast<unsigned char>(*end);
    out.push_back('%');
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
    at = end + 1;
  }
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  append_percent_encoded(out, text);
  return out;
}

std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  const std::size_t from = begin + before.size();
  const std::size_t end = text.find(after, from);
  if (end == std::string_view::npos) return {};
  return text.substr(from, end - from);
}

}  // namespace relay::bench
