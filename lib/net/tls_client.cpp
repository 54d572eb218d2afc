#include "net/tls_client.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net/address.hpp"

namespace relay::net {

Result<std::shared_ptr<const TlsClientContext>> TlsClientContext::make(const TlsTrust& trust) {
  SSL_CTX* raw = SSL_CTX_new(TLS_client_method());
  std::shared_ptr<const TlsClientContext> context(new TlsClientContext(raw, trust.insecure));
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_mode(
      raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(raw, trust.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  const bool good = trust.ca_file.empty()
                        ? SSL_CTX_set_default_verify_paths(raw) == 1
                        : SSL_CTX_load_verify_locations(raw, trust.ca_file.c_str(), nullptr) == 1;
  ERR_clear_error();
  if (good) return context;
  return make_error(ErrorKind::kInvalid, "bad_certificate", "cannot load certificates from " + trust.ca_file);
}

TlsClientContext::~TlsClientContext() {
  SSL_CTX_free(context_);
}

std::unique_ptr<TlsChannel> TlsClientContext::connect(int fd, const std::string& server) const {
  SSL* ssl = SSL_new(context_);
  SSL_set_fd(ssl, fd);
  SSL_set_connect_state(ssl);
  const bool is_address = IpAddress::parse(server).has_value();
  if (!is_address) SSL_set_tlsext_host_name(ssl, server.c_str());
  if (!insecure_ && is_address) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server.c_str());
  } else if (!insecure_) {
    SSL_set1_host(ssl, server.c_str());
  }
  return std::make_unique<TlsChannel>(ssl);
}

}  // namespace relay::net
