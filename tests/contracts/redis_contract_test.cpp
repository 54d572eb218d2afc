#include "contracts/redis_backend.hpp"

#include "support/catch.hpp"

namespace relay::test {
namespace {

void check(RedisWay way) {
  check_storage_contract([way] { return std::make_unique<RedisBackend>(way); });
}

TEST_CASE("Redis over TCP keeps the storage contract") {
  check(RedisWay::kTcp);
}
TEST_CASE("Redis over a Unix socket keeps the storage contract") {
  check(RedisWay::kUnix);
}
TEST_CASE("Redis over TLS keeps the storage contract") {
  check(RedisWay::kTls);
}
TEST_CASE("Redis with client certificates keeps the storage contract") {
  check(RedisWay::kTlsClientCertificate);
}
TEST_CASE("Redis with a password keeps the storage contract") {
  check(RedisWay::kPassword);
}
TEST_CASE("Redis with a user of few rights keeps the storage contract") {
  check(RedisWay::kAclUser);
}

}  // namespace
}  // namespace relay::test
