#include "server/load_tls.hpp"

namespace relay::server {

Result<std::shared_ptr<const net::TlsContext>> load_tls(const options::TlsOptions& tls) {
  if (!tls.self_signed && tls.certificate_file.empty()) return std::shared_ptr<const net::TlsContext>();
  return net::TlsContext::load({tls.certificate_file, tls.key_file, tls.self_signed, tls.min_version});
}

}  // namespace relay::server
