// What a client hands back to resume: the position of a stream, in each partition that it touches.
//
// A stream within one partition has a plain cursor, the decimal id of its last message. One over several
// partitions names each of them. Values; any thread. Text of the second kind, opaque to clients:
//
//   'c' base64url(version=1 | varint base | { varint skipped | varint behind }* | checksum)
//     base      the highest id named
//     skipped   partition numbers between the entry before (first entry: below 0) and this one
//     behind    (base - id) * 2, and 1 more if the id is a mere time
//     checksum  FNV-1a of all before, folded to 16 bits, high byte first: against cuts and typing errors
//   varint: 7 bits a byte, lowest first, the high bit says that more follow (LEB128).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"

namespace relay::hub {

class Cursor {
 public:
  struct Place {
    std::uint32_t partition = 0;
    MessageId id = 0;
    // Above every message of the stream there, but no id that the partition is known to have given.
    bool is_time = false;
    bool operator==(const Place&) const = default;
  };
  static constexpr std::uint32_t kMaxPartitions = 16384;

  // Plain: the same id in every partition. 0: everything kept.
  Cursor(MessageId id) : plain_(id) {}
  // REQUIRES: not empty, partitions ascending and below kMaxPartitions, ids at most kMaxId.
  explicit Cursor(std::vector<Place> places);

  // Nothing if it is no cursor.
  static std::optional<Cursor> parse(std::string_view text);
  std::string text() const;

  // Where to go on in this partition. One that the cursor does not name begins at the lowest id that it
  // names: what was stored since the stream was whole there cannot be passed over.
  MessageId in(std::uint32_t partition) const;
  // Whether that is an id which the partition has given, as far as is known: then one that it does not reach
  // is lost. A plain one is, in one partition.
  bool is_exact(std::uint32_t partition) const;
  bool is_plain() const { return places_.empty(); }
  bool operator==(const Cursor&) const = default;

 private:
  static std::optional<Cursor> parse_places(std::string_view encoded);
  const Place* find(std::uint32_t partition) const;

  MessageId plain_;            // or the lowest of places_
  std::vector<Place> places_;  // empty: plain
};

}  // namespace relay::hub
