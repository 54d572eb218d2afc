#include "base/text.hpp"

#include <array>
#include <cstddef>

#include "base/hex.hpp"
#include "base/word.hpp"

namespace relay {
namespace {

// The state of an open character: how many continuation bytes are due, and the range of the next one.
// Packed as due | low << 8 | high << 16; zero means "between characters".
constexpr std::uint32_t open_state(std::uint32_t due, std::uint32_t low = 0x80, std::uint32_t high = 0xbf) {
  return due | low << 8 | high << 16;
}

// RFC 3629 §4, by first byte; 0xffffffff is "never".
constexpr std::uint32_t kBad = 0xffffffff;
constexpr std::uint32_t after_first_byte(unsigned char byte) {
  if (byte < 0x80) return 0;
  if (byte < 0xc2) return kBad;
  if (byte < 0xe0) return open_state(1);
  if (byte == 0xe0) return open_state(2, 0xa0);
  if (byte == 0xed) return open_state(2, 0x80, 0x9f);
  if (byte < 0xf0) return open_state(2);
  if (byte == 0xf0) return open_state(3, 0x90);
  if (byte < 0xf4) return open_state(3);
  if (byte == 0xf4) return open_state(3, 0x80, 0x8f);
  return kBad;
}

// Length of the well-formed character at `at`, 0 if there is none.
std::size_t character_length(std::string_view text, std::size_t at) {
  std::uint32_t state = after_first_byte(static_cast<unsigned char>(text[at]));
  if (state == kBad) return 0;
  std::size_t length = 1;
  while (state != 0) {
    if (at + length >= text.size()) return 0;
    const auto byte = static_cast<unsigned char>(text[at + length]);
    if (byte < (state >> 8 & 0xff) || byte > (state >> 16)) return 0;
    const std::uint32_t due = (state & 0xff) - 1;
    state = due == 0 ? 0 : open_state(due);
    ++length;
  }
  return length;
}

std::uint32_t code_point(std::string_view character) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(character[i]));
  };
  switch (character.size()) {
    case 1:
      return byte(0);
    case 2:
      return (byte(0) & 0x1f) << 6 | (byte(1) & 0x3f);
    case 3:
      return (byte(0) & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    default:
      return (byte(0) & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
  }
}

bool is_name_character(std::uint32_t point) {
  if (point <= 0x20 || (point >= 0x7f && point <= 0xa0)) return false;
  if (point >= 0x2000 && point <= 0x200f) return false;
  if (point >= 0x2028 && point <= 0x202f) return false;
  if (point >= 0x205f && point <= 0x2064) return false;
  return point != 0x1680 && point != 0x3000 && point != 0xfeff && point != 0xfffe && point != 0xffff;
}

// How many bytes at the front need no escape in a JSON string; of the last seven perhaps fewer. Eight at a
// time, for almost all of a message is such.
std::size_t plain_json_bytes(std::string_view text) {
  std::size_t size = 0;
  for (; size + kWordBytes <= text.size(); size += kWordBytes) {
    const std::uint64_t word = load_word(text.data() + size);
    const std::uint64_t marks = mark_below(word, 0x20) | mark_equal(word, '"') | mark_equal(word, '\\');
    if (marks != 0) return size + bytes_before(marks);
  }
  return size;
}

constexpr std::string_view kJsonEscape = "\\u00";

}  // namespace

// Hot: every published payload passes here once. Eight ASCII bytes at a time.
bool is_utf8(std::string_view text) {
  Utf8Checker checker;
  return checker.feed(text) && checker.complete();
}

bool Utf8Checker::feed(std::string_view piece) {
  if (state_ == kBad) return false;
  std::size_t i = 0;
  while (i < piece.size()) {
    if (state_ == 0 && i + kWordBytes <= piece.size() &&
        (load_word(piece.data() + i) & kEachByte * 0x80) == 0) {
      i += kWordBytes;
      continue;
    }
    const auto byte = static_cast<unsigned char>(piece[i++]);
    if (state_ == 0) {
      state_ = after_first_byte(byte);
      if (state_ == kBad) return false;
    } else {
      if (byte < (state_ >> 8 & 0xff) || byte > (state_ >> 16)) {
        state_ = kBad;
        return false;
      }
      const std::uint32_t due = (state_ & 0xff) - 1;
      state_ = due == 0 ? 0 : open_state(due);
    }
  }
  return true;
}

std::string repair_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = character_length(text, i);
    if (length == 0) {
      result += "\xef\xbf\xbd";
      ++i;
    } else {
      result.append(text, i, length);
      i += length;
    }
  }
  return result;
}

// Hot: every publish names a channel. Eight ASCII bytes at a time: the 64 of a wallet's name took 717
// instructions singly (callgrind).
bool is_printable_name(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    if (i + kWordBytes <= text.size()) {
      const std::uint64_t word = load_word(text.data() + i);
      const std::uint64_t others = word | mark_below(word, 0x21) | mark_equal(word, 0x7f);
      if ((others & kEachByte * 0x80) == 0) {
        i += kWordBytes;
        continue;
      }
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      if (byte <= 0x20 || byte == 0x7f) return false;
      ++i;
      continue;
    }
    const std::size_t length = character_length(text, i);
    if (length == 0 || !is_name_character(code_point(text.substr(i, length)))) return false;
    i += length;
  }
  return !text.empty();
}

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t plain = 0;  // start of the run that needs no escape
  for (std::size_t i = 0; i < text.size(); ++i) {
    i += plain_json_bytes(text.substr(i));
    if (i == text.size()) break;
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(static_cast<char>(c));
    } else {
      append_escaped_control(out, c, kJsonEscape);
    }
  }
  out.append(text, plain, text.size() - plain);
  out.push_back('"');
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

void append_go_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      if (c == '"' || c == '\\') {
        out.push_back('\\');
        out.push_back(static_cast<char>(c));
      } else if (c == '<' || c == '>' || c == '&' || c < 0x20) {
        append_escaped_control(out, c, kJsonEscape);
      } else {
        out.push_back(static_cast<char>(c));
      }
      ++i;
      continue;
    }
    const std::size_t length = character_length(text, i);
    const std::string_view character = text.substr(i, length);
    if (length == 0) {
      out += "\\ufffd";
      ++i;
    } else if (character == "\xe2\x80\xa8" || character == "\xe2\x80\xa9") {
      out += character.back() == '\xa8' ? "\\u2028" : "\\u2029";
      i += length;
    } else {
      out += character;
      i += length;
    }
  }
  out.push_back('"');
}

}  // namespace relay
