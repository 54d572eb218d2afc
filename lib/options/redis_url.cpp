#include "options/redis_url.hpp"

#include <cassert>

#include "base/bytes.hpp"
#include "options/check.hpp"
#include "options/value.hpp"

namespace relay::options {
namespace {

constexpr std::int64_t kMaxDatabase = 1'000'000;

Error bad(std::string why) {
  return make_error(ErrorKind::kInvalid, "bad_redis_url", "bad Redis address: " + std::move(why));
}

// Each step reads one part of the text into `url` and returns what is wrong, or nothing.
std::string read_credentials(std::string_view text, RedisUrl& url) {
  const auto colon = text.find(':');
  const auto user = percent_decode(text.substr(0, colon), false);
  const auto password = colon == text.npos ? std::string() : percent_decode(text.substr(colon + 1), false);
  if (!user || !password) return "broken percent-escape in the user or password";
  url.username = *user;
  url.password = *password;
  return {};
}

std::string read_database(std::string_view text, RedisUrl& url) {
  if (text.empty()) return {};
  const auto number = parse_count(text);
  if (!number || *number > kMaxDatabase) return "the database must be a whole number";
  url.database = *number;
  return {};
}

std::string read_host(std::string_view text, RedisHost& place) {
  const auto close = text.find(']');
  const auto colon = text.find(':', close == text.npos ? 0 : close);
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (!is_ipv6(host)) return "not an IPv6 address between the brackets";
  }
  if (host.empty() || host.find_first_of("[] ") != host.npos) return "the host is missing or malformed";
  place.host = std::string(host);
  if (colon == text.npos) return {};
  const auto port = parse_count(text.substr(colon + 1));
  if (!port || *port < 1 || *port > 65535) return "the port must be from 1 to 65535";
  place.port = static_cast<std::uint16_t>(*port);
  return {};
}

std::string read_hosts(std::string_view text, RedisUrl& url) {
  std::vector<RedisHost> hosts;
  for (bool more = true; more;) {
    const auto comma = text.find(',');
    if (std::string why = read_host(text.substr(0, comma), hosts.emplace_back()); !why.empty()) return why;
    more = comma != text.npos;
    if (more) text.remove_prefix(comma + 1);
  }
  url.host = hosts.front().host;
  url.port = hosts.front().port;
  url.more_hosts.assign(hosts.begin() + 1, hosts.end());
  return {};
}

std::string read_parameters(std::string_view query, RedisUrl& url) {
  const auto pairs = parse_query(query, true);
  if (!pairs) return "broken percent-escape after the question mark";
  for (const QueryPair& pair : *pairs) {
    if (pair.key == "skip_verify") {
      const auto flag = parse_bool(pair.value);
      if (!flag) return "skip_verify must be true or false";
      url.skip_verify = *flag;
    } else if (pair.key == "db") {
      if (std::string why = read_database(pair.value, url); !why.empty()) return why;
    } else if (!pair.key.empty()) {
      url.ignored.push_back(pair.key);
    }
  }
  return {};
}

std::string read_place(std::string_view text, bool is_unix, RedisUrl& url) {
  const auto slash = text.find('/');
  if (!is_unix) {
    if (std::string why = read_hosts(text.substr(0, slash), url); !why.empty()) return why;
    return slash == text.npos ? std::string() : read_database(text.substr(slash + 1), url);
  }
  const auto path = percent_decode(text, false);
  if (slash != 0 || !path || path->size() < 2) return "write unix:///PATH with an absolute path";
  url.unix_path = *path;
  return {};
}

// The scheme with "://", or nothing when it is none of ours.
std::string_view scheme_of(std::string_view text) {
  for (const std::string_view scheme : {"redis://", "rediss://", "unix://"}) {
    if (text.starts_with(scheme)) return scheme;
  }
  return {};
}

}  // namespace

Result<RedisUrl> parse_redis_url(std::string_view text) {
  const std::string_view scheme = scheme_of(text);
  if (scheme.empty()) return bad("begin with redis://, rediss:// or unix://");
  RedisUrl url;
  url.tls = scheme == "rediss://";
  text.remove_prefix(scheme.size());
  const auto question = text.find('?');
  std::string_view rest = text.substr(0, question);
  std::string why;
  if (const auto at = rest.rfind('@'); at != rest.npos) {
    why = read_credentials(rest.substr(0, at), url);
    rest.remove_prefix(at + 1);
  }
  if (why.empty()) why = read_place(rest, scheme == "unix://", url);
  if (why.empty() && question != text.npos) why = read_parameters(text.substr(question + 1), url);
  if (!why.empty()) return bad(std::move(why));
  return url;
}

RedisUrl redis_target(const RedisOptions& redis) {
  auto parsed = parse_redis_url(redis.url);
  assert(parsed);
  RedisUrl target = std::move(*parsed);
  if (!redis.username.empty()) target.username = redis.username;
  if (!redis.password.empty()) target.password = redis.password;
  target.skip_verify = target.skip_verify || redis.tls_skip_verify;
  return target;
}

std::string mask_redis_url(std::string_view text) {
  const auto scheme = text.find("://");
  const auto begin = scheme == text.npos ? 0 : scheme + 3;
  const auto at = text.substr(0, text.find('?', begin)).rfind('@');
  if (at == text.npos || at < begin) return std::string(text);
  const auto colon = text.find(':', begin);
  if (colon == text.npos || colon > at) return std::string(text);
  return std::string(text.substr(0, colon + 1)) + "***" + std::string(text.substr(at));
}

}  // namespace relay::options
