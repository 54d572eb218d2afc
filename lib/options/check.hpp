// What a text value must look like beyond its type. Each returns why it is wrong, or nothing. Pure; any
// thread.
#pragma once

#include <string>
#include <string_view>

namespace relay::options {

bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);

// "127.0.0.1:8081", "[::1]:8081", ":8081" (every address), "unix:/run/relay.sock"; empty is fine: off. Names
// are not resolved. The reader of the same text is net::Endpoint.
std::string check_endpoint(std::string_view text);
std::string check_ip_range(std::string_view text);  // an address, or CIDR (RFC 4632, RFC 4291 §2.3)
std::string check_http_url(std::string_view text);  // empty is fine: off
std::string check_redis_url(std::string_view text);
std::string check_origin(std::string_view text);          // scheme://host[:port] (RFC 6454 §6.2)
std::string check_url_path(std::string_view text);        // "/bridge"
std::string check_key_prefix(std::string_view text);      // of Redis keys
std::string check_instance_id(std::string_view text);     // empty is fine: made up
std::string check_namespace_name(std::string_view text);  // NAME of [namespace.NAME]
std::string check_token(std::string_view text);           // a bearer token (RFC 6750 §2.1, any visible ASCII)
std::string check_optional_token(std::string_view text);  // empty is fine: none

}  // namespace relay::options
