#include "storage/redis/executor.hpp"

#include <openssl/sha.h>

#include "base/bytes.hpp"

namespace relay::redis {

Script::Script(std::string_view text) : text_(text) {
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  sha_ = to_hex(std::string_view(reinterpret_cast<const char*>(digest), sizeof digest));
}

}  // namespace relay::redis
