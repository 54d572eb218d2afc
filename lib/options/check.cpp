#include "options/check.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "options/redis_url.hpp"
#include "options/value.hpp"

namespace relay::options {
namespace {

constexpr std::int64_t kMaxPort = 65535;

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

bool is_address(int family, std::string_view text) {
  unsigned char binary[sizeof(in6_addr)];
  if (text.find('\0') != text.npos) return false;
  return inet_pton(family, std::string(text).c_str(), binary) == 1;
}

// What follows "scheme://", when the scheme is one of the two of HTTP; empty otherwise.
std::string_view after_http_scheme(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.starts_with(scheme)) return text.substr(scheme.size());
  }
  return {};
}

bool is_visible_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

bool is_ipv4(std::string_view text) {
  return is_address(AF_INET, text);
}
bool is_ipv6(std::string_view text) {
  return is_address(AF_INET6, text);
}

std::string check_endpoint(std::string_view text) {
  constexpr std::string_view kUnix = "unix:/";
  if (text.empty() || (text.starts_with(kUnix) && text.size() > kUnix.size())) return {};
  const auto colon = text.rfind(':');
  const auto port = colon == text.npos ? parse_count("") : parse_count(text.substr(colon + 1));
  if (!port || *port > kMaxPort) return in_quotes(text) + ": write HOST:PORT with a port from 0 to 65535";
  const std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (host.empty() || host == "localhost" ||
      (bracketed ? is_ipv6(host.substr(1, host.size() - 2)) : is_ipv4(host)))
    return {};
  return in_quotes(text) +
         ": the host must be an IPv4 address, an IPv6 address in brackets, or empty for all";
}

std::string check_ip_range(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  const std::int64_t width = is_ipv4(address) ? 32 : is_ipv6(address) ? 128 : -1;
  if (width < 0) return in_quotes(text) + " is not an IP address or a range such as \"10.0.0.0/8\"";
  if (slash == text.npos) return {};
  const auto bits = parse_count(text.substr(slash + 1));
  if (bits && *bits <= width) return {};
  return in_quotes(text) + ": the part after the slash must be from 0 to " + std::to_string(width);
}

std::string check_http_url(std::string_view text) {
  if (text.empty()) return {};
  const std::string_view rest = after_http_scheme(text);
  const bool good = !rest.empty() && rest.front() != '/' && is_visible_ascii(text);
  return good ? std::string() : in_quotes(text) + " is not an http:// or https:// address";
}

std::string check_redis_url(std::string_view text) {
  const auto url = parse_redis_url(text);
  return url ? std::string() : url.error().message;
}

std::string check_origin(std::string_view text) {
  const auto colon = text.find("://");
  const bool has_scheme = colon != text.npos && colon > 0;
  const std::string_view host = has_scheme ? text.substr(colon + 3) : std::string_view();
  const bool good = !host.empty() && host.find_first_of("/?#*") == host.npos && is_visible_ascii(text);
  return good ? std::string()
              : in_quotes(text) +
                    " is not an origin: write scheme://host[:port], such as \"https://app.example\"";
}

std::string check_url_path(std::string_view text) {
  const bool good = text.size() > 1 && text.front() == '/' && text.back() != '/' && is_visible_ascii(text) &&
                    text.find_first_of("?#%") == text.npos && text.find("//") == text.npos;
  return good ? std::string()
              : in_quotes(text) +
                    " is not a path: begin with a slash and end without one, such as \"/bridge\"";
}

std::string check_key_prefix(std::string_view text) {
  const bool good = !text.empty() && text.size() <= 64 && is_visible_ascii(text) &&
                    text.find_first_of("{}*?[]\\") == text.npos;
  return good ? std::string()
              : in_quotes(text) + ": write 1 to 64 visible ASCII characters, none of them { } * ? [ ] or \\";
}

std::string check_instance_id(std::string_view text) {
  if (text.empty()) return {};
  const bool good = text.size() <= 64 && is_visible_ascii(text) && text.find(':') == text.npos;
  return good ? std::string() : in_quotes(text) + ": write up to 64 visible ASCII characters without a colon";
}

std::string check_namespace_name(std::string_view text) {
  const bool good = !text.empty() && text.size() <= 64 && text.front() != '$' &&
                    text.find(':') == text.npos && is_printable_name(text);
  return good ? std::string()
              : in_quotes(text) +
                    " cannot be a namespace: write 1 to 64 printable bytes without spaces or colons";
}

std::string check_token(std::string_view text) {
  return !text.empty() && is_visible_ascii(text) ? std::string() : "a token is visible ASCII without spaces";
}

std::string check_optional_token(std::string_view text) {
  return text.empty() ? std::string() : check_token(text);
}

}  // namespace relay::options
