// XML and HTML text: what data may not break. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace relay::bench {

// & < > " ' as entities; controls that XML 1.0 forbids and malformed UTF-8 as U+FFFD.
std::string escaped(std::string_view text);
// ` name="value"`, escaped.
std::string attribute(std::string_view name, std::string_view value);

}  // namespace relay::bench
