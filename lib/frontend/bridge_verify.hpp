// Where connections of a client id came from, and POST <bridge.path>/verify, which judges by it whether a
// request to connect comes from the page it names.
//
// A record is an ordinary message on the internal channel "$bridge-verify:<client id>" with a ttl of
// bridge.connect_cache_ttl: so every storage keeps records, drops them when they are old, and shows them to
// all instances, and no storage needs to know of them. At most kMaxRecords of a client id are kept, the
// newest ones. A stream opened without Origin says nothing about any page, so nothing is recorded of it. Loop
// thread only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "frontend/bridge_params.hpp"
#include "frontend/context.hpp"
#include "net/address.hpp"

namespace relay::frontend {

inline constexpr std::uint32_t kMaxRecords = 256;

// scheme://host[:port] of a URL as Go's url.Parse sees it: the scheme in lower case, the rest as written.
// Text without scheme or host is returned whole.
std::string extract_origin(std::string_view url);

enum class BridgeVerdict : std::uint8_t { kOk, kWarning, kDanger, kUnknown };
std::string_view verdict_text(BridgeVerdict verdict);

struct BridgeRecord {
  std::string address;
  std::string origin;
  std::string text() const;
  static BridgeRecord parse(std::string_view text);
};

// ok: this page from this address; warning: this page from elsewhere; danger: other pages only; unknown:
// none.
BridgeVerdict judge(const std::vector<BridgeRecord>& records, const BridgeRecord& asked);

// Remembers where a stream of `client_id` came from. REQUIRES: `client_id` is one.
void record_connection(LoopContext& context, const std::string& client_id, const net::IpAddress& address,
                       std::string_view origin_header);

struct BridgeVerifyRequest {
  std::string client_id;
  std::string url;
};
// Parameters stand in a JSON object when the body is one with strings in it, else in the query; empty is
// absent.
Result<BridgeVerifyRequest> parse_bridge_verify(const BridgeQuery& query, std::string_view content_type,
                                                std::string_view body);

}  // namespace relay::frontend
