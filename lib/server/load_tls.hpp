// The certificate of the public listeners, as the options name it. Reads files; any thread.
#pragma once

#include <memory>

#include "base/error.hpp"
#include "net/tls.hpp"
#include "options/options.hpp"

namespace relay::server {

// nullptr when no TLS is wanted. kInvalid, "bad_certificate" when the pair cannot be used.
Result<std::shared_ptr<const net::TlsContext>> load_tls(const options::TlsOptions& tls);

}  // namespace relay::server
