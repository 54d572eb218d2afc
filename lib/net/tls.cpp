#include "net/tls.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>

namespace relay::net {
namespace {

constexpr std::size_t kRecordBytes = 16 * 1024;  // the greatest TLS record: small frames share one

std::string openssl_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

Error tls_error(const std::string& what) {
  return make_error(ErrorKind::kInvalid, "bad_certificate", what);
}

// Mozilla's intermediate profile, 6.0: TLS 1.2 with ECDHE and AEAD only, TLS 1.3 as it comes.
constexpr char kCiphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

void set_groups(SSL_CTX* context) {
  // OpenSSL 3.0 refuses a list that names a group it does not know, so the list is tried from the best down.
  for (const char* groups : {"X25519MLKEM768:X25519:P-256:P-384", "X25519:P-256:P-384"}) {
    if (SSL_CTX_set1_groups_list(context, groups) == 1) return;
    ERR_clear_error();
  }
}

bool use_self_signed(SSL_CTX* context) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 365L * 24 * 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"),
                             -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* names =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  const bool good = X509_sign(certificate, key, EVP_sha256()) > 0 &&
                    SSL_CTX_use_certificate(context, certificate) == 1 &&
                    SSL_CTX_use_PrivateKey(context, key) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  return good;
}

}  // namespace

TlsChannel::~TlsChannel() {
  SSL_free(ssl_);
}

ssize_t TlsChannel::failure(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_SYSCALL:
      if (errno == 0) return 0;  // the peer left without a close alert
      return -1;
    default:
      ERR_clear_error();
      errno = EPROTO;
      return -1;
  }
}

ssize_t TlsChannel::read(char* buffer, std::size_t size) {
  errno = 0;
  const int got = SSL_read(ssl_, buffer, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
  return got > 0 ? got : failure(got);
}

ssize_t TlsChannel::write(const iovec* pieces, std::size_t count) {
  char record[kRecordBytes];
  std::size_t size = 0;
  for (std::size_t i = 0; i < count && size < sizeof record; ++i) {
    const std::size_t take = std::min(pieces[i].iov_len, sizeof record - size);
    std::memcpy(record + size, pieces[i].iov_base, take);
    size += take;
  }
  errno = 0;
  const int sent = SSL_write(ssl_, record, static_cast<int>(size));
  if (sent > 0) return sent;
  const ssize_t outcome = failure(sent);
  if (outcome == 0) errno = EPIPE;
  return -1;
}

void TlsChannel::shut_down() {
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::load(const TlsSettings& settings) {
  SSL_CTX* raw = SSL_CTX_new(TLS_server_method());
  std::shared_ptr<TlsContext> context(new TlsContext(raw));
  SSL_CTX_set_min_proto_version(raw, settings.min_version == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(raw, kCiphers);
  set_groups(raw);
  // Idle connections give their record buffers back: some 34 KiB each otherwise.
  SSL_CTX_set_mode(
      raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  if (settings.self_signed) {
    if (!use_self_signed(raw)) return tls_error("cannot make a self-signed certificate: " + openssl_reason());
  } else {
    if (SSL_CTX_use_certificate_chain_file(raw, settings.certificate_file.c_str()) != 1) {
      return tls_error("cannot load " + settings.certificate_file + ": " + openssl_reason());
    }
    if (SSL_CTX_use_PrivateKey_file(raw, settings.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
      return tls_error("cannot load " + settings.key_file + ": " + openssl_reason());
    }
  }
  if (SSL_CTX_check_private_key(raw) != 1) {
    return tls_error("the key in " + settings.key_file + " does not belong to " + settings.certificate_file);
  }
  const ASN1_TIME* end = X509_get0_notAfter(SSL_CTX_get0_certificate(raw));
  if (X509_cmp_current_time(end) < 0) return tls_error(settings.certificate_file + " has expired");
  std::tm parts{};
  ASN1_TIME_to_tm(end, &parts);
  context->not_after_ms_ = static_cast<std::int64_t>(timegm(&parts)) * 1000;
  return std::shared_ptr<const TlsContext>(std::move(context));
}

std::unique_ptr<TlsChannel> TlsContext::accept(int fd) const {
  SSL* ssl = SSL_new(context_);
  SSL_set_fd(ssl, fd);
  SSL_set_accept_state(ssl);
  return std::make_unique<TlsChannel>(ssl);
}

}  // namespace relay::net
