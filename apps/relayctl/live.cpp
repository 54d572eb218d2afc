#include "live.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/bytes.hpp"
#include "options/secret_file.hpp"
#include "settings.hpp"

namespace relay::ctl {
namespace {

constexpr Milliseconds kDefaultPatience{5000};
constexpr const char* kDefaultSocket = "/run/relayd/relayd.sock";

struct Candidate {
  net::Endpoint endpoint;
  std::string from;  // "admin.socket of /etc/relayd/relayd.toml"
};

net::Endpoint unix_endpoint(std::string path) {
  net::Endpoint endpoint;
  endpoint.unix_path = std::move(path);
  return endpoint;
}

// Where a relayd of this machine is likely to be. Its settings may be unreadable for us: then its defaults.
std::vector<Candidate> local_candidates(const Arguments& arguments) {
  std::vector<Candidate> candidates;
  options::Options options;
  if (const auto loaded = relayd_settings(arguments)) options = loaded->options;
  candidates.push_back({unix_endpoint(options.admin.socket.empty() ? kDefaultSocket : options.admin.socket),
                        "the admin socket"});
  if (const auto endpoint = net::Endpoint::parse(options.operator_port.listen))
    candidates.push_back({*endpoint, "the operator address"});
  return candidates;
}

std::string user_name() {
  const passwd* user = ::getpwuid(::geteuid());
  return user == nullptr ? std::to_string(::geteuid()) : user->pw_name;
}

// The socket is there, but not for us: say whose it is.
std::optional<Failure> denied_by_file(const net::Endpoint& endpoint) {
  if (endpoint.unix_path.empty() || ::access(endpoint.unix_path.c_str(), R_OK | W_OK) == 0 || errno != EACCES)
    return {};
  Failure failure{
      exit_code::kDenied, "cannot reach relayd at " + endpoint.text() + ": permission denied", {}, {}};
  struct stat status{};
  if (::stat(endpoint.unix_path.c_str(), &status) != 0) {
    failure.why = "its folder is not open to you (" + user_name() + ")";
    failure.fix = "ask for access to that folder, or use sudo";
    return failure;
  }
  const group* owner = ::getgrgid(status.st_gid);
  const std::string name = owner == nullptr ? std::to_string(status.st_gid) : owner->gr_name;
  failure.why = "the socket belongs to group " + name + ", and you (" + user_name() + ") are not in it";
  failure.fix = "try: sudo adduser " + user_name() + " " + name + ", then log in again";
  return failure;
}

Failure unreachable(const net::Endpoint& endpoint, const Error& error) {
  const bool late = error.code == "timeout";
  // The client's message begins with the same words as ours.
  const auto colon = error.message.find(": ");
  const std::string reason = colon == std::string::npos ? error.message : error.message.substr(colon + 2);
  return {late ? exit_code::kTryAgain : exit_code::kUnavailable,
          "cannot reach relayd at " + endpoint.text() + ": " + reason,
          {},
          "is it running? try: systemctl status relayd"};
}

Outcome<std::string> read_token(const Arguments& arguments) {
  if (!arguments.has("--token-file")) return std::string();
  const std::string& path = arguments.text("--token-file");
  const auto token = options::read_secret_file(path, {});
  if (!token)
    return Failure{exit_code::kNoInput, "cannot use the token in " + path, token.error().message, {}};
  return *token;
}

int status_exit(int status) {
  switch (status) {
    case 401:
    case 403:
      return exit_code::kDenied;
    case 404:
    case 409:
      return exit_code::kNo;
    case 413:
    case 415:
      return exit_code::kData;
    case 429:
    case 504:
      return exit_code::kTryAgain;
    case 503:
      return exit_code::kUnavailable;
    default:
      return status < 500 ? exit_code::kUsage : exit_code::kSoftware;
  }
}

}  // namespace

Outcome<net::Endpoint> parse_server(const std::string& text) {
  if (text.find("://") != text.npos) {
    const auto url = client::Url::parse(text);
    if (!url) return usage("\"" + text + "\" is no address of a relayd", url.error().message);
    return url->endpoint;
  }
  const auto endpoint = net::Endpoint::parse(text);
  if (endpoint) return *endpoint;
  const auto url = client::Url::parse("http://" + text);
  if (url && text.find(':') != text.npos) return url->endpoint;
  return usage("\"" + text + "\" is no address of a relayd",
               "write unix:PATH, HOST:PORT or http://HOST:PORT");
}

std::string query_of(std::initializer_list<std::pair<std::string_view, std::string>> parameters) {
  std::string query;
  for (const auto& [key, value] : parameters) {
    if (value.empty()) continue;
    query += (query.empty() ? "?" : "&") + std::string(key) + "=" + percent_encode(value);
  }
  return query;
}

Live::Live(net::Endpoint endpoint, std::string token, Milliseconds timeout, const Console& console,
           client::HttpClient http)
    : endpoint_(std::move(endpoint)),
      token_(std::move(token)),
      timeout_(timeout),
      console_(&console),
      http_(std::move(http)) {}

Outcome<Live> Live::connect(const Arguments& arguments, const Console& console) {
  const auto timeout = arguments.duration("--timeout", kDefaultPatience);
  if (!timeout) return timeout.error();
  auto token = read_token(arguments);
  if (!token) return token.error();
  std::vector<Candidate> candidates;
  if (arguments.has("--server")) {
    const auto endpoint = parse_server(arguments.text("--server"));
    if (!endpoint) return endpoint.error();
    candidates.push_back({*endpoint, "--server"});
  } else {
    candidates = local_candidates(arguments);
  }
  std::vector<Failure> failures;
  for (const Candidate& candidate : candidates) {
    console.trace("connect " + candidate.endpoint.text() + " (" + candidate.from + ")");
    auto http = client::HttpClient::connect(candidate.endpoint, *timeout);
    if (http) return Live(candidate.endpoint, std::move(*token), *timeout, console, std::move(*http));
    auto denied = denied_by_file(candidate.endpoint);
    failures.push_back(denied ? *denied : unreachable(candidate.endpoint, http.error()));
    if (denied) break;  // it is there: asking elsewhere would only hide that
  }
  if (failures.size() == 1) return failures.front();
  Failure all{failures.back().exit, "cannot reach relayd",
              "tried:", "is it running? try: systemctl status relayd; or name it: -s HOST:PORT"};
  for (std::size_t i = 0; i < failures.size(); ++i)
    all.why +=
        "\n  " + candidates[i].from + failures[i].what.substr(std::string("cannot reach relayd at").size());
  return all;
}

client::HeaderList Live::with_token(client::HeaderList headers) const {
  if (!token_.empty()) headers.emplace_back("Authorization", "Bearer " + token_);
  return headers;
}

Failure Live::lost(const Error& error, const std::string& target) const {
  const bool late = error.code == "timeout";
  if (error.code == "bad_response") {
    return {exit_code::kProtocol, where() + " does not speak like relayd", error.message,
            "is that address right?"};
  }
  return {late ? exit_code::kTryAgain : exit_code::kUnavailable, "no answer from relayd at " + where(),
          error.message + " (" + target + ")",
          late ? "wait longer with --timeout, or look at its log: journalctl -u relayd"
               : "look at its log: journalctl -u relayd"};
}

Failure Live::refusal(const client::HttpReply& reply, const std::string& target) const {
  Failure failure{status_exit(reply.status), {}, {}, {}};
  const Json json = Json::parse(reply.body, nullptr, false);
  const bool ours = json.is_object() && json.contains("error") && json["error"].is_object();
  if (!ours) {
    return {exit_code::kProtocol, where() + " does not answer like relayd's admin interface",
            "status " + std::to_string(reply.status) + " for " + target,
            "is it the operator address or the admin socket of a relayd of this version?"};
  }
  const Json& error = json["error"];
  failure.what = error.value("message", "status " + std::to_string(reply.status));
  failure.why = error.value("why", "");
  failure.fix = error.value("fix", "");
  return failure;
}

Outcome<client::HttpReply> Live::exchange(std::string_view method, const std::string& target,
                                          const client::HeaderList& headers, std::string_view body) {
  console_->trace(std::string(method) + " " + target + " (" + std::to_string(body.size()) + " bytes)");
  const auto started = std::chrono::steady_clock::now();
  auto reply = http_.request(method, target, with_token(headers), body);
  if (!reply) return lost(reply.error(), target);
  const auto took = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - started);
  console_->trace(std::to_string(reply->status) + " after " + std::to_string(took.count()) + " ms, " +
                  std::to_string(reply->body.size()) + " bytes");
  return std::move(*reply);
}

Outcome<Json> Live::get(const std::string& target) {
  const auto reply = exchange("GET", target);
  if (!reply) return reply.error();
  if (reply->status / 100 != 2) return refusal(*reply, target);
  Json json = Json::parse(reply->body, nullptr, false);
  if (json.is_discarded())
    return Failure{exit_code::kProtocol, where() + " did not answer with JSON", target, {}};
  return json;
}

Outcome<std::vector<Json>> Live::list(const std::string& target, const std::string& key) {
  std::vector<Json> entries;
  std::string after;
  const char joint = target.find('?') == target.npos ? '?' : '&';
  while (true) {
    auto page = get(target + joint + "limit=1000" + (after.empty() ? "" : "&after=" + percent_encode(after)));
    if (!page) return page.error();
    const auto found = page->find(key);
    if (found == page->end() || !found->is_array())
      return Failure{exit_code::kProtocol, where() + " did not answer with a list", target};
    for (Json& entry : *found) entries.push_back(std::move(entry));
    if (!page->contains("next") || !(*page)["next"].is_string()) return entries;
    after = (*page)["next"].get<std::string>();
  }
}

Outcome<Json> Live::post(const std::string& target, const Json& body) {
  const auto reply = exchange("POST", target, {{"Content-Type", "application/json"}}, body.dump());
  if (!reply) return reply.error();
  if (reply->status / 100 != 2) return refusal(*reply, target);
  Json json = Json::parse(reply->body, nullptr, false);
  if (json.is_discarded())
    return Failure{exit_code::kProtocol, where() + " did not answer with JSON", target, {}};
  return json;
}

Outcome<client::SseClient> Live::stream(const std::string& target, const std::string& last_event_id) {
  console_->trace("GET " + target + " (stream)");
  client::SseOptions options;
  options.headers = with_token({});
  options.last_event_id = last_event_id;
  options.timeout = timeout_;
  auto stream = client::SseClient::open({endpoint_, target}, options);
  if (!stream) return lost(stream.error(), target);
  if (stream->is_stream()) return std::move(*stream);
  client::HttpReply reply;
  reply.status = stream->status();
  auto body = stream->read_body(timeout_);
  if (!body) return lost(body.error(), target);
  reply.body = std::move(*body);
  return refusal(reply, target);
}

}  // namespace relay::ctl
