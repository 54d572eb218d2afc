#include "load/redis_info.hpp"

#include <cstdlib>

#include "base/bytes.hpp"
#include "client/socket.hpp"
#include "options/redis_url.hpp"
#include "wire/resp.hpp"

namespace relay::bench {
namespace {

constexpr Milliseconds kPatience{5000};

Error no_redis(const std::string& address, const std::string& why) {
  return make_error(ErrorKind::kInvalid, "no_redis", "the Redis at " + address + " cannot be asked: " + why);
}

// "used_memory:1024" by line; "# Memory" heads a section.
std::map<std::string, std::string> fields_of(std::string_view info) {
  std::map<std::string, std::string> fields;
  for (std::string_view line : split(info, '\n')) {
    line = trim(line);
    const auto colon = line.find(':');
    if (colon != line.npos) fields.emplace(line.substr(0, colon), line.substr(colon + 1));
  }
  return fields;
}

std::string text_in(const RedisInfo::Page& page, const char* field) {
  const auto found = page.fields.find(field);
  return found == page.fields.end() ? std::string() : found->second;
}
double number_in(const RedisInfo::Page& page, const char* field) {
  return std::strtod(text_in(page, field).c_str(), nullptr);
}

std::string version_of(const RedisInfo::Page& page) {
  const std::string valkey = text_in(page, "valkey_version");
  return valkey.empty() ? "redis " + text_in(page, "redis_version") : "valkey " + valkey;
}

RedisNode change_of(const RedisInfo::Page& before, const RedisInfo::Page& after, double seconds) {
  const auto gained = [&](const char* field) { return number_in(after, field) - number_in(before, field); };
  RedisNode node;
  node.address = after.address;
  node.version = version_of(after);
  node.role = text_in(after, "role");
  node.cpu = (gained("used_cpu_sys") + gained("used_cpu_user")) / seconds;
  node.commands_per_s = gained("total_commands_processed") / seconds;
  node.bytes_in_per_s = gained("total_net_input_bytes") / seconds;
  node.bytes_out_per_s = gained("total_net_output_bytes") / seconds;
  node.memory_bytes = static_cast<std::int64_t>(number_in(after, "used_memory"));
  node.memory_gained = static_cast<std::int64_t>(gained("used_memory"));
  node.evicted_keys = static_cast<std::int64_t>(gained("evicted_keys"));
  node.expired_keys = static_cast<std::int64_t>(gained("expired_keys"));
  return node;
}

}  // namespace

Result<RedisInfo> RedisInfo::make(const std::string& text) {
  RedisInfo info;
  if (text.empty()) return info;
  const auto url = options::parse_redis_url(text);
  if (!url) return url.error();
  if (url->tls)
    return make_error(ErrorKind::kInvalid, "bad_redis_url",
                      "rediss:// is not spoken here: name a port without TLS");
  info.username_ = url->username;
  info.password_ = url->password;
  info.nodes_.push_back({url->host, url->port, url->unix_path});
  for (const options::RedisHost& host : url->more_hosts) info.nodes_.push_back({host.host, host.port, {}});
  for (const Node& node : info.nodes_) {
    if (const auto page = info.ask(node); !page) return page.error();
  }
  return info;
}

Result<RedisInfo::Page> RedisInfo::ask(const Node& node) const {
  net::Endpoint endpoint;
  endpoint.host = node.host;
  endpoint.port = node.port;
  endpoint.unix_path = node.unix_path;
  const std::string address = node.unix_path.empty() ? endpoint.text() : node.unix_path;
  const SteadyTime deadline = client::deadline_in(kPatience);
  auto socket = client::Socket::connect(endpoint, deadline);
  if (!socket) return no_redis(address, socket.error().message);
  std::string words;
  if (!username_.empty()) wire::append_command(words, {"AUTH", username_, password_});
  if (username_.empty() && !password_.empty()) wire::append_command(words, {"AUTH", password_});
  wire::append_command(words, {"INFO"});
  if (auto sent = socket->send(words, deadline); !sent) return no_redis(address, sent.error().message);
  wire::RespReader reader;
  Page page{address, {}};
  std::string refusal;
  for (std::string bytes; page.fields.empty() && refusal.empty(); bytes.clear()) {
    const auto more = socket->receive(bytes, deadline);
    if (!more || !*more) return no_redis(address, more ? "it ended the connection" : more.error().message);
    const auto fed = reader.feed(bytes, [&](const wire::RespValue& value) {
      if (value.is_error()) {
        refusal = value.text();
        return false;
      }
      if (value.text().find(':') != std::string_view::npos) page.fields = fields_of(value.text());
      return true;
    });
    if (!fed) return no_redis(address, fed.error().message);
  }
  if (!refusal.empty()) return no_redis(address, refusal);
  return page;
}

RedisInfo::Pages RedisInfo::take() const {
  Pages pages;
  for (const Node& node : nodes_) {
    auto page = ask(node);
    pages.push_back(page ? std::move(*page) : Page{});
  }
  return pages;
}

std::vector<RedisNode> redis_change(const RedisInfo::Pages& before, const RedisInfo::Pages& after,
                                    std::int64_t elapsed_ns) {
  std::vector<RedisNode> nodes;
  for (std::size_t i = 0; i < before.size() && i < after.size() && elapsed_ns > 0; ++i) {
    if (before[i].fields.empty() || after[i].fields.empty()) continue;
    nodes.push_back(change_of(before[i], after[i], static_cast<double>(elapsed_ns) / 1e9));
  }
  return nodes;
}

}  // namespace relay::bench
