// CRC-32C (Castagnoli; RFC 3720, appendix B.4), by the processor's own instruction where there is one. Pure;
// any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace relay::bench {

// Goes on from `crc`, the checksum of what stood before (0 at the beginning).
std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0);

// The same without the instruction, for machines that have none.
std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t crc = 0);

}  // namespace relay::bench
