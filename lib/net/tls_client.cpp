#include "net/tls_client.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include "net/address.hpp"

namespace relay::net {
namespace {

// Why the handshake failed: what is wrong with the certificate, else what OpenSSL says.
Error refused(const SSL* ssl, bool insecure) {
  const long verdict = insecure ? X509_V_OK : SSL_get_verify_result(ssl);
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string why = reason == nullptr ? "the server ended the connection" : reason;
  if (verdict != X509_V_OK) why = X509_verify_cert_error_string(verdict);
  return make_error(ErrorKind::kUnavailable, "tls_refused", why);
}

}  // namespace

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

ssl_st* TlsClientContext::begin(int fd, const std::string& server) const {
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
  return ssl;
}

std::unique_ptr<TlsChannel> TlsClientContext::connect(int fd, const std::string& server) const {
  return std::make_unique<TlsChannel>(begin(fd, server));
}

Result<void> TlsClientContext::try_handshake(int fd, const std::string& server, Milliseconds limit) const {
  const std::unique_ptr<SSL, void (*)(SSL*)> ssl(begin(fd, server), SSL_free);
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl.get());
    if (done == 1) return {};
    const int wants = SSL_get_error(ssl.get(), done);
    if (wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE) return refused(ssl.get(), insecure_);
    const auto left = std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd wait{fd, static_cast<short>(wants == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT), 0};
    if (left.count() <= 0 || poll(&wait, 1, static_cast<int>(left.count())) == 0)
      return make_error(ErrorKind::kUnavailable, "timeout", "no answer to the TLS handshake");
  }
}

}  // namespace relay::net
