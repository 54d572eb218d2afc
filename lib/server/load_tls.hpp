// The certificate of the public listeners, as the options name it. Reads files; any thread.
#pragma once

#include <cstdint>
#include <memory>

#include "base/error.hpp"
#include "net/tls.hpp"
#include "options/options.hpp"

namespace relay::server {

// nullptr when no TLS is wanted. kInvalid, "bad_certificate" when the pair cannot be used.
Result<std::shared_ptr<const net::TlsContext>> load_tls(const options::TlsOptions& tls);

// One line of the log: until when it is good; a warning from two weeks before. Nothing for nullptr.
void log_certificate(const net::TlsContext* tls, std::int64_t wall_ms);

}  // namespace relay::server
