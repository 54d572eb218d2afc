// What the bridge's requests ask for, with the checks and the very messages of the Go TON Connect bridge v3,
// which its clients and their tests know. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"

namespace relay::frontend {

// A query string as Go reads it: the first of several values counts, pairs with a broken escape do not.
class BridgeQuery {
 public:
  explicit BridgeQuery(std::string_view query) : pairs_(*parse_query(query, false)) {}
  const std::string* find(std::string_view key) const;
  const std::vector<QueryPair>& pairs() const { return pairs_; }

 private:
  std::vector<QueryPair> pairs_;
};

// 64 hex digits in either case, compared byte for byte. White space around them is dropped.
// Errors: kInvalid "public address must be 64 characters long" or "… a valid hex string".
Result<std::string> parse_client_id(std::string_view text);

// As Go's strconv.ParseInt(text, 10, bits), its error text included. REQUIRES: bits is 32 or 64.
Result<std::int64_t> parse_go_int(std::string_view text, int bits);

// A UUID in any of the forms google/uuid reads (plain, urn:uuid:, in braces, 32 digits), lower case with
// dashes.
std::optional<std::string> parse_trace_id(std::string_view text);

enum class BridgeHeartbeat : std::uint8_t { kLegacy, kMessage };

struct BridgeEventsRequest {
  std::vector<std::string> client_ids;  // distinct, as listed
  std::size_t listed = 0;               // repetitions counted
  MessageId after = 0;                  // 0: everything kept
  BridgeHeartbeat heartbeat = BridgeHeartbeat::kLegacy;
};
Result<BridgeEventsRequest> parse_bridge_events(const BridgeQuery& query,
                                                std::string_view last_event_id_header,
                                                std::size_t max_client_ids);

struct BridgeMessageRequest {
  std::string from;
  std::string to;
  Milliseconds ttl{0};  // 0: live only
  std::optional<std::string> trace_id;
  std::optional<std::string> topic;
};
Result<BridgeMessageRequest> parse_bridge_message(const BridgeQuery& query, Milliseconds max_ttl);

// {"from":…,"message":…,"trace_id":…,"connect_source":{"ip":""}}: what a stream's data line says.
std::string bridge_message_json(std::string_view from, std::string_view body, std::string_view trace_id);

}  // namespace relay::frontend
