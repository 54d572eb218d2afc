#include "cli/terminal.hpp"

#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include <cstdlib>

namespace relay::cli {
namespace {

// One UTF-8 character: its bytes and its width. A malformed byte is one column.
struct Character {
  std::size_t bytes = 1;
  std::size_t width = 1;
};

Character next_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || text.size() < bytes) return {};
  wchar_t code = static_cast<wchar_t>(lead & (0xff >> (bytes + 1)));
  for (std::size_t i = 1; i < bytes; ++i) code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3f);
  const int width = wcwidth(code);
  return {bytes, width < 0 ? 1 : static_cast<std::size_t>(width)};
}

winsize window(int descriptor) {
  winsize size{};
  if (::isatty(descriptor) == 0 || ::ioctl(descriptor, TIOCGWINSZ, &size) != 0) size = {};
  return size;
}

}  // namespace

void set_up_locale() {
  ::setlocale(LC_CTYPE, "C.UTF-8");
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character character = next_character(text);
    columns += character.width;
    text.remove_prefix(character.bytes);
  }
  return columns;
}

std::string cut(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::string out;
  std::size_t used = 0;
  while (!text.empty()) {
    const Character character = next_character(text);
    if (used + character.width > columns - 1) break;
    used += character.width;
    out.append(text.substr(0, character.bytes));
    text.remove_prefix(character.bytes);
  }
  return out + "…";
}

std::string printable(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {  // U+0080 to U+009F, controls too
      out += {'\\', 'x', kHex[next >> 4], kHex[next & 15]};
      ++i;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      out += c;
    }
  }
  return out;
}

std::size_t terminal_columns(int descriptor) {
  if (::isatty(descriptor) == 0) return 0;
  if (const char* columns = std::getenv("COLUMNS"); columns != nullptr && std::atoi(columns) > 0) {
    return static_cast<std::size_t>(std::atoi(columns));
  }
  const winsize size = window(descriptor);
  return size.ws_col == 0 ? 80 : size.ws_col;
}

std::size_t terminal_rows(int descriptor) {
  const winsize size = window(descriptor);
  return size.ws_row == 0 ? 24 : size.ws_row;
}

bool wants_color(std::string_view flag, int descriptor) {
  const auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  if (flag == "always") return true;
  if (flag == "never" || set("NO_COLOR")) return false;
  if (set("CLICOLOR_FORCE")) return true;
  const char* term = std::getenv("TERM");
  return ::isatty(descriptor) != 0 && term != nullptr && std::string_view(term) != "dumb";
}

std::string painted(std::string_view text, Ink ink, bool color) {
  if (!color || ink == Ink::kPlain) return std::string(text);
  const char* code = ink == Ink::kBold   ? "1"
                     : ink == Ink::kDim  ? "2"
                     : ink == Ink::kGood ? "32"
                     : ink == Ink::kWarn ? "33"
                                         : "31";
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

}  // namespace relay::cli
