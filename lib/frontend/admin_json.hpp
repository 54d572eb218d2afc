// What the files of the admin interface share: JSON in and out. Loop thread only.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "frontend/errors.hpp"
#include "frontend/http_session.hpp"

namespace relay::frontend {

using Json = nlohmann::ordered_json;

inline void answer(Exchange& exchange, const Json& json, int status = 200) {
  exchange.respond(json_response(status, json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"));
}
inline void answer(Exchange& exchange, const Error& error) {
  exchange.respond(error_response(error));
}

// The body as a JSON object; an empty one is an empty object. kInvalid "bad_body".
Result<Json> read_body(const Exchange& exchange);
// A member that is a string; kInvalid "bad_body" if it is there and is none.
Result<std::optional<std::string>> text_member(const Json& body, const std::string& key);
Result<std::optional<std::int64_t>> number_member(const Json& body, const std::string& key, std::int64_t max);
// "reason" of a kick, cut to what a close frame holds, between characters.
Result<std::string> reason_member(const Json& body);

std::string host_name();  // of this machine; empty if it has none

}  // namespace relay::frontend
