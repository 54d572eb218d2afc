// The man page of a program as mdoc(7), made from its command table. Pure; any thread.
#pragma once

#include <string>

#include "cli/program.hpp"

namespace relay::cli {

std::string man_page(const Program& program);

}  // namespace relay::cli
