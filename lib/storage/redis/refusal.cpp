#include "storage/redis/refusal.hpp"

#include <charconv>
#include <utility>

namespace relay::redis {
namespace {

// By the word that begins an error. A script's own checks stand before its first write, so these hold for
// scripts too.
constexpr std::pair<std::string_view, Refusal> kRefusals[] = {
    {"MOVED", Refusal::kMoved},         {"ASK", Refusal::kAsk},
    {"TRYAGAIN", Refusal::kTryAgain},   {"CLUSTERDOWN", Refusal::kClusterDown},
    {"NOSCRIPT", Refusal::kNoScript},   {"READONLY", Refusal::kWrongServer},
    {"LOADING", Refusal::kWrongServer}, {"MASTERDOWN", Refusal::kWrongServer},
    {"NOAUTH", Refusal::kWrongServer},  {"MISCONF", Refusal::kRefused},
    {"OOM", Refusal::kRefused},         {"NOPERM", Refusal::kRefused},
    {"BUSY", Refusal::kRefused},        {"NOREPLICAS", Refusal::kRefused},
};

std::uint16_t to_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() ? port : std::uint16_t{0};
}

}  // namespace

Refusal classify(std::string_view error) {
  const std::string_view code = error.substr(0, error.find(' '));
  for (const auto& [word, refusal] : kRefusals) {
    if (word == code) return refusal;
  }
  return Refusal::kNone;
}

Redirect parse_place(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return {};
  std::string_view host = text.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return {std::string(host), to_port(text.substr(colon + 1))};
}

Redirect parse_redirect(std::string_view error) {
  const auto place = error.rfind(' ');
  Redirect redirect = place == error.npos ? Redirect{} : parse_place(error.substr(place + 1));
  if (redirect.host == "?") redirect.host.clear();  // a node that knows no name for itself
  return redirect;
}

}  // namespace relay::redis
