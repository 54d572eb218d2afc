// The Redis protocol, version 2 (https://redis.io/docs/latest/develop/reference/protocol-spec/), over bytes:
// commands out, replies in. No sockets. hiredis (0.14 and 1.x) reads; it is included in resp.cpp only.
//
// Commands are formatted here and not by redisFormatCommandArgv(), which allocates a buffer per command:
// these append to the buffer that the socket will write.
//
// Layout of a command:   *<args>\r\n  then for each argument   $<bytes>\r\n<argument>\r\n
//
// Values; one thread at a time. A RespReader owns what its RespValues look at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace relay::wire {

// A command whose arguments are appended one by one. REQUIRES: exactly `arguments` calls of arg() follow.
class RespCommand {
 public:
  RespCommand(std::string& out, std::size_t arguments);
  RespCommand& arg(std::string_view text);
  RespCommand& arg(std::uint64_t number);

 private:
  std::string& out_;
};
void append_command(std::string& out, std::initializer_list<std::string_view> arguments);

// One reply, or an element of one. A view: valid until the reader's next call.
class RespValue {
 public:
  enum class Type : std::uint8_t { kString, kStatus, kError, kInteger, kNil, kArray };

  Type type() const { return node().type; }
  bool is_nil() const { return type() == Type::kNil; }
  bool is_error() const { return type() == Type::kError; }
  bool is_array() const { return type() == Type::kArray; }
  bool is_text() const { return type() == Type::kString || type() == Type::kStatus; }
  std::string_view text() const;                           // of a string, status or error; else empty
  std::int64_t integer() const { return node().integer; }  // of an integer; else 0
  std::size_t size() const { return is_array() ? node().length : 0; }  // elements of an array; else 0
  // REQUIRES: index < size(). Constant time where no element is itself an array.
  RespValue operator[](std::size_t index) const;

 private:
  friend class RespReader;
  // Pre-order: the elements of an array follow it; `end` is the index after its last descendant.
  struct Node {
    Type type = Type::kNil;
    std::uint32_t end = 0;
    std::size_t offset = 0;  // of the text in the arena
    std::size_t length = 0;  // bytes of text, or elements
    std::int64_t integer = 0;
  };
  struct Tree {
    std::vector<Node> nodes;
    std::string arena;
  };
  RespValue(const Tree& tree, std::uint32_t index) : tree_(&tree), index_(index) {}
  const Node& node() const { return tree_->nodes[index_]; }

  const Tree* tree_;
  std::uint32_t index_;
};

// Turns bytes as they arrive into replies. Hot: a reply costs one copy of its text into an arena that is
// kept, and no allocation once the arena has grown.
class RespReader {
 public:
  // `max_buffered` bounds the bytes kept of a reply that is not complete.
  explicit RespReader(std::size_t max_buffered = std::size_t{512} * 1024 * 1024);
  ~RespReader();
  RespReader(const RespReader&) = delete;
  RespReader& operator=(const RespReader&) = delete;

  // Calls `on_value(RespValue)` for each reply that is now complete. An Error (kUnavailable, "bad_reply")
  // means that the stream is not RESP2 or too long: the reader is of no further use. `on_value` returns
  // whether to go on; after false the rest is dropped.
  template <class OnValue>
  Result<bool> feed(std::string_view bytes, OnValue&& on_value) {
    // Small slices: hiredis moves the rest of its buffer at every consumed KiB.
    while (!bytes.empty()) {
      const std::string_view slice = bytes.substr(0, kSlice);
      bytes.remove_prefix(slice.size());
      if (auto fed = put(slice); !fed) return fed;
      for (;;) {
        const auto complete = next();
        if (!complete) return complete;
        if (!*complete) break;
        if (!on_value(RespValue(tree_, 0))) return true;
      }
    }
    return true;
  }

 private:
  static constexpr std::size_t kSlice = 16 * 1024;
  struct Hiredis;
  Result<bool> put(std::string_view slice);
  Result<bool> next();

  RespValue::Tree tree_;
  std::unique_ptr<Hiredis> hiredis_;
  const std::size_t max_buffered_;
};

}  // namespace relay::wire
