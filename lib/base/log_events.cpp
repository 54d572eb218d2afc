#include "base/log_events.hpp"

#include <openssl/sha.h>

namespace relay::log {

std::array<char, 32> message_id(std::string_view event) {
  const std::string name = "relayd event " + std::string(event);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(name.data()), name.size(), digest);
  digest[6] = static_cast<unsigned char>(0x80 | (digest[6] & 0x0f));  // a UUID of version 8 (RFC 9562)
  digest[8] = static_cast<unsigned char>(0x80 | (digest[8] & 0x3f));
  std::array<char, 32> text{};
  for (std::size_t i = 0; i < text.size(); ++i) {
    text[i] = "0123456789abcdef"[i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2] & 15];
  }
  return text;
}

std::string journal_catalog() {
  std::string out = "# Made from lib/base/log_events.hpp. journalctl -x shows these texts.\n";
  for (const EventRow& row : kEvents) {
    const auto id = message_id(row.event);
    out += "\n-- " + std::string(id.data(), id.size()) + "\nSubject: " + std::string(row.subject) +
           "\nDefined-By: relayd\nDocumentation: man:relayd(8)\n\n" + std::string(row.help) + "\n";
  }
  return out;
}

}  // namespace relay::log
