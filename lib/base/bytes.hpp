// Small operations on bytes and text that several layers need. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay {

std::string to_hex(std::string_view bytes);  // lower case
bool is_hex(std::string_view text);          // either case; empty is not

// ASCII only: HTTP tokens, hex digits, option names.
std::string to_lower(std::string_view text);
bool equals_ignore_case(std::string_view a, std::string_view b);
std::string_view trim(std::string_view text);  // space, tab, CR, LF at both ends
std::vector<std::string_view> split(std::string_view text, char separator);

// Percent-decoding (RFC 3986 §2.1). Nothing if an escape is broken. `plus_is_space` for query strings.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);
// Keeps letters, digits and "-_.~", escapes the rest in upper case.
std::string percent_encode(std::string_view text);

// A query string as decoded pairs in order. A pair with a broken escape makes the whole thing nothing
// when `strict`, and is left out otherwise.
struct QueryPair {
  std::string key;
  std::string value;
};
std::optional<std::vector<QueryPair>> parse_query(std::string_view query, bool strict);

std::string base64_encode(std::string_view bytes);  // RFC 4648 §4, padded
// RFC 4648 §5, without padding. Nothing if the text is not exactly what encoding gives.
std::string base64url_encode(std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);
std::string sha1(std::string_view bytes);  // 20 raw bytes (RFC 6455 needs it, nothing else may)

// Levenshtein distance, for "did you mean".
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace relay
