#include "load/server_version.hpp"

#include "base/bytes.hpp"
#include "client/http_client.hpp"

namespace relay::bench {
namespace {

constexpr Milliseconds kPatience{1000};

// relayd_build_info{version="0.1.0",…}
std::string version_on_page(const std::map<std::string, double>& metrics) {
  constexpr std::string_view kName = "_build_info{";
  constexpr std::string_view kLabel = "version=\"";
  for (const auto& [series, unused] : metrics) {
    const auto name = series.find(kName);
    const auto label = series.find(kLabel, name == series.npos ? series.size() : name);
    if (label == series.npos) continue;
    const auto begin = label + kLabel.size();
    return series.substr(0, name) + " " + series.substr(begin, series.find('"', begin) - begin);
  }
  return {};
}

}  // namespace

std::string server_version(const TargetPlan& target, const std::map<std::string, double>& metrics) {
  if (std::string version = version_on_page(metrics); !version.empty()) return version;
  const auto url = client::Url::parse(target.url);
  if (!url) return {};
  const auto reply = client::http_request(*url, "HEAD", {}, {}, kPatience);
  if (!reply) return {};
  return std::string(trim(reply->headers.find("Server").value_or("")));
}

}  // namespace relay::bench
