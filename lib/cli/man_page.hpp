// The man page of a program as mdoc(7), made from its command table. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "cli/program.hpp"

namespace relay::cli {

std::string man_page(const Program& program);
// Text as roff prints it: no escape begins by accident, quotes and hyphens stay as typed.
std::string roff(std::string_view text);

}  // namespace relay::cli
