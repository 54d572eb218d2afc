// The client's end of TLS, for tools that open many connections: whom to trust, and a channel for a socket.
//
// Immutable and shared; any thread. The handshake happens within the first reads and writes of the channel; a
// certificate that is not trusted, or not the server's, ends the connection there (EPROTO).
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "net/tls.hpp"

namespace relay::net {

struct TlsTrust {
  std::string ca_file;    // PEM; empty: the system's
  bool insecure = false;  // anybody
};

class TlsClientContext {
 public:
  // Errors: kInvalid "bad_certificate" for a ca_file that cannot be read.
  static Result<std::shared_ptr<const TlsClientContext>> make(const TlsTrust& trust);
  ~TlsClientContext();
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;
  // `server` is the name or address that the certificate must be for. The descriptor stays the caller's.
  std::unique_ptr<TlsChannel> connect(int fd, const std::string& server) const;
  // The handshake alone, to tell why connections will not do: waits for it on a non-blocking descriptor that
  // is of no use afterwards. Errors: kUnavailable "tls_refused" ("certificate has expired", "hostname
  // mismatch", "wrong version number", "the server ended the connection") and "timeout".
  Result<void> try_handshake(int fd, const std::string& server, Milliseconds limit) const;

 private:
  ssl_st* begin(int fd, const std::string& server) const;
  TlsClientContext(ssl_ctx_st* context, bool insecure) : context_(context), insecure_(insecure) {}
  ssl_ctx_st* context_;
  bool insecure_;
};

}  // namespace relay::net
