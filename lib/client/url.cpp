#include "client/url.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/bytes.hpp"

namespace relay::client {

namespace {

constexpr std::uint16_t kDefaultPort = 80;

Error bad_url(std::string_view text, std::string_view why) {
  return make_error(ErrorKind::kInvalid, "bad_url", "'" + std::string(text) + "': " + std::string(why));
}

// Fills in host and port. False if it is no authority of ours.
bool read_authority(std::string_view authority, net::Endpoint& endpoint) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return false;
    endpoint.host = authority.substr(1, bracket - 1);
    port = authority.substr(bracket + 1);
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    endpoint.host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  endpoint.port = kDefaultPort;
  if (endpoint.host.empty() || endpoint.host.find('@') != std::string::npos) return false;
  if (port.empty()) return true;
  if (port.front() != ':') return false;
  const auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), endpoint.port);
  return error == std::errc() && end == port.data() + port.size() && endpoint.port != 0;
}

bool is_target_text(std::string_view target) {
  return std::none_of(target.begin(), target.end(),
                      [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '#'; });
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  const std::size_t mark = text.find("://");
  if (mark == std::string_view::npos) return bad_url(text, "no scheme");
  const std::string scheme = to_lower(text.substr(0, mark));
  const bool is_unix = scheme == "http+unix" || scheme == "ws+unix";
  if (!is_unix && scheme != "http" && scheme != "ws") {
    return bad_url(text, "only http, ws, http+unix and ws+unix are known here");
  }
  const std::string_view rest = text.substr(mark + 3);
  const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  Url url;
  if (is_unix) {
    const auto path = percent_decode(authority, false);
    if (!path || path->empty()) return bad_url(text, "no socket path");
    url.endpoint.unix_path = *path;
  } else if (!read_authority(authority, url.endpoint)) {
    return bad_url(text, "malformed host or port");
  }
  if (!is_target_text(rest.substr(slash))) return bad_url(text, "a character that must be escaped");
  url.target = rest.substr(slash);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

std::string host_field(const net::Endpoint& endpoint) {
  if (!endpoint.unix_path.empty()) return "localhost";
  return endpoint.text();
}

}  // namespace relay::client
