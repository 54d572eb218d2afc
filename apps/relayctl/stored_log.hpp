// A channel's backlog as it lies in the store: its elements, page by page, and what is known beside them. One
// thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/message.hpp"
#include "stored.hpp"

namespace relay::ctl {

enum class ElementKind { kMessage, kTombstone, kMarker, kForeign };

struct Element {
  ElementKind kind = ElementKind::kForeign;
  MessageId id = 0;         // what its bytes say; 0 of foreign ones
  std::string score;        // as Redis writes it
  std::string bytes;        // the element itself
  hub::MessagePtr message;  // of a message

  bool expired(std::int64_t now_ms) const {
    return kind == ElementKind::kMessage && message->expires_ms() <= now_ms;
  }
  // Somebody could still read it.
  bool readable(std::int64_t now_ms) const { return kind == ElementKind::kMessage && !expired(now_ms); }
};
Element parse_element(std::string_view bytes, std::string_view score, std::string_view channel);

inline constexpr std::uint32_t kPageElements = 200;

// From the lowest score above `after` to `through`; `on_element` says whether to go on.
Outcome<void> read_log(Stored& stored, const std::string& channel, MessageId after, MessageId through,
                       const std::function<bool(const Element&)>& on_element);
// Every element by rank, whatever its score.
Outcome<void> read_whole_log(Stored& stored, const std::string& channel,
                             const std::function<void(const Element&)>& on_element);
// The elements with exactly that score.
Outcome<std::vector<Element>> read_id(Stored& stored, const std::string& channel, MessageId id);

// A channel at a glance, without reading its messages.
struct LogGlance {
  std::string type;  // of the key: "zset", "none"
  std::int64_t elements = 0;
  bool has_marker = false;      // among the elements
  MessageId first = 0;          // lowest id that is not the marker's; 0: none
  MessageId newest = 0;         // highest id; 0: none
  MessageId last = 0;           // of P:last; 0: none
  std::int64_t expires_ms = 0;  // of the log, from now; -1: never; -2: there is no log
  std::int64_t memory = 0;      // bytes of Redis's memory
  std::int64_t messages() const { return elements - (has_marker ? 1 : 0); }
};
// Valid after the next settle().
void glance(Stored& stored, const std::string& channel, LogGlance& into);

// A partition's newest id and the epoch of its data; 0 where it has none.
struct Bounds {
  MessageId epoch = 0;
  MessageId last = 0;
};
Outcome<std::vector<Bounds>> read_bounds(Stored& stored);

}  // namespace relay::ctl
