#include "verbs/doctor.hpp"

#include <openssl/asn1.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <array>
#include <cmath>
#include <fstream>
#include <map>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "cli/human.hpp"
#include "cli/terminal.hpp"
#include "context.hpp"
#include "storage_advice.hpp"

namespace relay::ctl {
namespace {

enum class State { kOk, kWarn, kFail, kSkip };
constexpr const char* kWords[] = {"ok", "warn", "fail", "skip"};

class Findings {
 public:
  void add(std::string check, State state, std::string detail, std::string fix = {}) {
    counts_[state] += 1;
    rows_.push_back({{"check", std::move(check)},
                     {"state", kWords[static_cast<int>(state)]},
                     {"detail", std::move(detail)},
                     {"fix", fix.empty() ? Json() : Json(fix)}});
  }
  const std::vector<Json>& rows() const { return rows_; }
  std::size_t count(State state) const {
    const auto found = counts_.find(state);
    return found == counts_.end() ? 0 : found->second;
  }

 private:
  std::vector<Json> rows_;
  std::map<State, std::size_t> counts_;
};

std::int64_t number(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<std::int64_t>() : 0;
}

std::int64_t sysctl(const std::string& name) {
  std::ifstream file("/proc/sys/" + name);
  std::int64_t value = -1;
  file >> value;
  return file ? value : -1;
}

// Of this machine, whatever runs on it.
void look_at_kernel(Findings& findings) {
  const std::int64_t somaxconn = sysctl("net/core/somaxconn");
  if (somaxconn < 0) return findings.add("net.core.somaxconn", State::kSkip, "cannot be read here");
  const bool enough = somaxconn >= 16'384;
  findings.add("net.core.somaxconn", enough ? State::kOk : State::kWarn,
               grouped(somaxconn) + (enough ? "" : "; more connects at once are dropped"),
               enough ? "" : "sysctl -w net.core.somaxconn=65535");
  const std::int64_t backlog = sysctl("net/ipv4/tcp_max_syn_backlog");
  if (backlog < 0) return;
  const bool deep = backlog >= 4'096;
  findings.add("net.ipv4.tcp_max_syn_backlog", deep ? State::kOk : State::kWarn,
               grouped(backlog) + (deep ? "" : "; bursts of connects wait for SYN cookies"),
               deep ? "" : "sysctl -w net.ipv4.tcp_max_syn_backlog=65535");
}

void look_at_settings(Findings& findings, const Outcome<options::Loaded>& loaded) {
  if (!loaded)
    return findings.add("settings", State::kFail,
                        loaded.error().why.empty() ? loaded.error().what : loaded.error().why,
                        loaded.error().fix);
  std::string warnings;
  for (const std::string& warning : loaded->warnings) warnings += (warnings.empty() ? "" : "; ") + warning;
  findings.add("settings", warnings.empty() ? State::kOk : State::kWarn,
               warnings.empty() ? "valid" : warnings);
}

// Days until the first certificate of the chain ends; nothing if there is none to read.
std::optional<int> days_left(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return {};
  X509* certificate = PEM_read_X509(file, nullptr, nullptr, nullptr);
  std::fclose(file);
  if (certificate == nullptr) return {};
  int days = 0;
  int seconds = 0;
  const int good = ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate));
  X509_free(certificate);
  if (good != 1) return {};
  return days;
}

void look_at_certificate(Findings& findings, const options::Options& options) {
  const std::string& path = options.tls.certificate_file;
  if (path.empty()) return;
  const auto days = days_left(path);
  if (!days)
    return findings.add("certificate", State::kSkip, path + " cannot be read as a certificate by you");
  const State state = *days < 0 ? State::kFail : *days < 14 ? State::kWarn : State::kOk;
  findings.add("certificate", state, path + " is valid for " + std::to_string(*days) + " more days",
               state == State::kOk ? "" : "renew it; a reload takes the new one");
}

void look_at_socket(Findings& findings, const Live& live) {
  const std::string& path = live.endpoint().unix_path;
  struct stat status{};
  if (path.empty() || ::stat(path.c_str(), &status) != 0) return;
  const bool open = (status.st_mode & S_IRWXO) != 0;
  findings.add("admin socket", open ? State::kFail : State::kOk,
               path + (open ? " is open to everybody on this machine" : " is for its group alone"),
               open ? "chmod 0660 " + path : "");
}

void look_at_files(Findings& findings, Live& live) {
  const auto reply = live.exchange("GET", "/metrics");
  if (!reply || reply->status != 200) return;
  const auto value = [&](const std::string& name) {
    const auto at = reply->body.find("\n" + name + " ");
    return at == std::string::npos ? -1.0 : std::atof(reply->body.c_str() + at + name.size() + 2);
  };
  const double most = value("process_max_fds");
  const double used = value("process_open_fds");
  if (most <= 0) return;
  const State state = used > 0.9 * most                    ? State::kFail
                      : used > 0.7 * most || most < 65'536 ? State::kWarn
                                                           : State::kOk;
  findings.add("fd limit", state,
               grouped(std::llround(most)) + " allowed, " + grouped(std::llround(used)) + " used",
               state == State::kOk ? "" : "LimitNOFILE=1048576 in relayd.service");
}

void look_at_relayd(Findings& findings, const Json& status) {
  std::string reasons;
  for (const Json& reason : status.value("reasons", Json::array()))
    reasons += (reasons.empty() ? "" : "; ") + reason.get<std::string>();
  findings.add("ready", reasons.empty() ? State::kOk : State::kFail,
               reasons.empty() ? "clients may come" : reasons);
  const std::string version = status.value("version", "");
  findings.add("version", version == RELAY_VERSION ? State::kOk : State::kWarn,
               "relayd " + version + ", relayctl " RELAY_VERSION,
               version == RELAY_VERSION ? "" : "install the same version of both");
  const bool failed = status.value("reload_failed", false);
  findings.add("reload", failed ? State::kFail : State::kOk,
               failed ? "the last one changed nothing" : "none has failed",
               failed ? "relayctl config check" : "");
  const std::int64_t clients = number(status, "clients");
  const std::int64_t capacity = number(status, "capacity");
  const bool crowded = capacity > 0 && clients > capacity * 8 / 10;
  findings.add("capacity", crowded ? State::kWarn : State::kOk,
               counted(clients, "client") + " of " + grouped(capacity) + " that fit",
               crowded ? "raise LimitNOFILE, or start another instance" : "");
  const std::int64_t slow = number(status, "slow_closed");
  findings.add(
      "slow clients", State::kOk,
      grouped(slow) + " closed since the start, " + grouped(number(status, "dropped")) + " messages dropped");
  double lag = 0;
  for (const Json& loop : status.value("loops", Json::array()))
    lag = std::max(lag, loop.value("lag_ms", 0.0));
  findings.add("event loops", lag > 100 ? State::kWarn : State::kOk,
               "the slowest was " + human_duration(std::llround(lag)) + " late at its last tick",
               lag > 100 ? "the machine is short of CPU, or loops are too few" : "");
}

void look_at_instances(Findings& findings, Live& live) {
  const auto instances = live.list("/admin/v1/instances", "instances");
  if (!instances) return findings.add("instances", State::kFail, instances.error().what);
  std::string dead;
  for (const Json& instance : *instances) {
    if (instance.value("state", "") == "dead")
      dead += (dead.empty() ? "" : ", ") + instance.value("instance", "");
  }
  findings.add("instances", dead.empty() ? State::kOk : State::kWarn,
               dead.empty() ? std::to_string(instances->size()) + " alive" : "dead: " + dead,
               dead.empty() ? "" : "relayctl instances purge --dead --dry-run");
}

void look_at_redis(Findings& findings, const Context& context) {
  constexpr std::array kStates{State::kOk, State::kWarn, State::kFail};
  for (const Advice& advice : storage_advice(context)) {
    findings.add(advice.subject, kStates[static_cast<std::size_t>(advice.level)], advice.says, advice.fix);
  }
}

// A message published inside must come out of the public address at once: proxies that buffer keep it.
void look_through_proxy(Findings& findings, Live& live, const std::string& url) {
  const std::string channel = "relayctl-doctor:" + random_hex(8);
  std::string base = url;
  while (base.ends_with('/')) base.pop_back();
  const auto address = client::Url::parse(base + "/v1/events?channel=" + percent_encode(channel));
  if (!address) return findings.add("proxy", State::kFail, address.error().message);
  client::SseOptions options;
  options.timeout = live.timeout();
  auto stream = client::SseClient::open(*address, options);
  if (!stream)
    return findings.add("proxy", State::kFail, stream.error().message, "is " + url + " the public address?");
  if (!stream->is_stream())
    return findings.add("proxy", State::kFail,
                        url + " answers " + std::to_string(stream->status()) + " to /v1/events");
  const auto sent = live.exchange("POST", "/admin/v1/channels/" + percent_encode(channel) + "/messages?ttl=0",
                                  {{"Content-Type", "text/plain"}}, "x");
  if (!sent || sent->status / 100 != 2)
    return findings.add("proxy", State::kSkip, "relayd took no message to try with");
  const auto event = stream->next(Milliseconds(2000));
  const bool came = event && *event;
  findings.add("proxy", came ? State::kOk : State::kFail,
               came ? "a message comes through " + url + " at once"
                    : "a message did not come through " + url + " in 2s: something buffers",
               came ? "" : "nginx: proxy_buffering off; see examples/nginx");
}

std::string screen(const Findings& findings, bool color, std::size_t columns) {
  std::string out;
  std::size_t width = 0;
  for (const Json& row : findings.rows())
    width = std::max(width, display_width(row["check"].get<std::string>()));
  for (const Json& row : findings.rows()) {
    const std::string state = row["state"].get<std::string>();
    const Ink ink = state == "ok"     ? Ink::kGood
                    : state == "fail" ? Ink::kBad
                    : state == "warn" ? Ink::kWarn
                                      : Ink::kDim;
    std::string check = row["check"].get<std::string>();
    check.resize(check.size() + width - display_width(check), ' ');
    const std::string rest = check + "  " + row["detail"].get<std::string>();
    out += painted(state, ink, color) + std::string(6 - state.size(), ' ') +
           (columns > 8 ? cut(rest, columns - 6) : rest) + "\n";
    if (row["fix"].is_string()) out += std::string(8 + width, ' ') + row["fix"].get<std::string>() + "\n";
  }
  return out;
}

}  // namespace

Form doctor_form() {
  return {.flags = {{"--url", "URL", "the public address, to see whether a proxy in front buffers"}},
          .text =
              "Looks at this machine, the settings, the running relayd and the store. Exit status 1 when "
              "anything needs\n"
              "you. Run it on the machine of relayd.\n",
          .examples = {{"relayctl doctor --url http://relay.example", "also through the proxy"}},
          .columns = {{"check", "CHECK", Kind::kText, Show::kAlways, "what was looked at"},
                      {"state", "STATE", Kind::kText, Show::kAlways, "ok, warn, fail or skip"},
                      {"detail", "DETAIL", Kind::kText, Show::kAlways, "what was found"},
                      {"fix", "FIX", Kind::kText, Show::kAlways, "what to do about it"}}};
}

int doctor(Context& context) {
  Findings findings;
  look_at_kernel(findings);
  const auto settings = relayd_settings(context.arguments);
  look_at_settings(findings, settings);
  if (settings) look_at_certificate(findings, settings->options);
  const auto live = context.live();
  const auto status = live ? (*live)->get("/admin/v1/status") : Outcome<Json>(live.error());
  if (!status) {
    findings.add("relayd", State::kFail, status.error().what, status.error().fix);
  } else {
    look_at_relayd(findings, *status);
    look_at_files(findings, **live);
    look_at_socket(findings, **live);
    look_at_instances(findings, **live);
    if (context.arguments.has("--url")) look_through_proxy(findings, **live, context.arguments.text("--url"));
  }
  if (settings && settings->options.storage != "memory") look_at_redis(findings, context);
  const std::size_t failed = findings.count(State::kFail);
  const std::size_t warned = findings.count(State::kWarn);
  const auto printed =
      context.output.format() == Format::kTable
          ? context.output.text(screen(findings, context.output.color(), context.output.columns()))
          : context.output.rows(context.columns(), findings.rows());
  if (!printed) return context.fail(printed.error());
  context.console.say(failed + warned == 0
                          ? "all " + std::to_string(findings.rows().size()) + " checks are well"
                          : std::to_string(failed + warned) + " of " +
                                std::to_string(findings.rows().size()) + " checks need you (" +
                                std::to_string(failed) + " fail, " + std::to_string(warned) + " warn)");
  return failed + warned == 0 ? exit_code::kOk : exit_code::kNo;
}

}  // namespace relay::ctl
