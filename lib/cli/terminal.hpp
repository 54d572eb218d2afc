// What a program writes on: widths of text, colours, and whether anybody looks. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace relay::cli {

// Columns that a terminal needs for UTF-8 text. The locale's character type must be UTF-8 (set_up_locale).
std::size_t display_width(std::string_view text);
// Cut to `columns` with "…" at its end, where it does not fit.
std::string cut(std::string_view text, std::size_t columns);
// Control characters as \n, \t or \xNN, so that data cannot steer a terminal.
std::string printable(std::string_view text);
void set_up_locale();

// Columns of the terminal behind a descriptor ($COLUMNS wins); 0 if it is none.
std::size_t terminal_columns(int descriptor);
std::size_t terminal_rows(int descriptor);

// Whether to colour: --color, then NO_COLOR and CLICOLOR_FORCE, then whether the descriptor is a capable
// terminal.
bool wants_color(std::string_view flag, int descriptor);

enum class Ink { kPlain, kBold, kDim, kGood, kWarn, kBad };
// `text` between escape sequences when `color`; as it is otherwise.
std::string painted(std::string_view text, Ink ink, bool color);

}  // namespace relay::cli
