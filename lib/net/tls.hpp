// TLS for listeners, over OpenSSL directly on non-blocking descriptors.
//
// TlsContext holds certificate and policy; it is immutable and shared: a renewed certificate makes a new
// context, old connections keep theirs. Any thread. TlsChannel is one connection's side; loop thread only.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace relay::net {

struct TlsSettings {
  std::string certificate_file;  // PEM, leaf first
  std::string key_file;          // PEM
  bool self_signed = false;      // make a pair for localhost in memory instead
  std::string min_version = "1.2";
};

class TlsChannel {
 public:
  explicit TlsChannel(ssl_st* ssl) : ssl_(ssl) {}
  ~TlsChannel();
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;
  // As recv and sendmsg: bytes, 0 at the end, -1 with errno (EAGAIN while the handshake or socket is not
  // ready).
  ssize_t read(char* buffer, std::size_t size);
  ssize_t write(const iovec* pieces, std::size_t count);
  void shut_down();

 private:
  ssize_t failure(int result);
  ssl_st* ssl_;
};

class TlsContext {
 public:
  // Loads and checks the pair: an unreadable file, a key that does not match or an expired certificate is an
  // error.
  static Result<std::shared_ptr<const TlsContext>> load(const TlsSettings& settings);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  std::unique_ptr<TlsChannel> accept(int fd) const;
  std::int64_t not_after_ms() const { return not_after_ms_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
  std::int64_t not_after_ms_ = 0;
};

}  // namespace relay::net
