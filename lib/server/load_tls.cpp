#include "server/load_tls.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"

namespace relay::server {
namespace {

constexpr std::int64_t kDayMs = 24 * 3600 * 1000;
constexpr std::int64_t kWarnDays = 14;

}  // namespace

Result<std::shared_ptr<const net::TlsContext>> load_tls(const options::TlsOptions& tls) {
  if (!tls.self_signed && tls.certificate_file.empty()) return std::shared_ptr<const net::TlsContext>();
  return net::TlsContext::load({tls.certificate_file, tls.key_file, tls.self_signed, tls.min_version});
}

void log_certificate(const net::TlsContext* tls, std::int64_t wall_ms) {
  if (tls == nullptr) return;
  const std::int64_t days = (tls->not_after_ms() - wall_ms) / kDayMs;
  const std::string not_after = rfc3339(tls->not_after_ms());
  if (days < kWarnDays) {
    log::warning("tls.certificate_expires", "the certificate of the listeners ends soon",
                 {{"not_after", not_after}, {"days", days}});
  } else {
    log::info("tls.certificate", "the certificate of the listeners",
              {{"not_after", not_after}, {"days", days}});
  }
}

}  // namespace relay::server
