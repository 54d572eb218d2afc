// A result as Markdown (GitHub's tables), for a comment or a job summary. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "result.hpp"

namespace relay::bench {

std::string to_markdown(const RunResult& result);

// Text in a table's cell: on one line, without meaning to Markdown.
std::string markdown_cell(std::string_view text);

}  // namespace relay::bench
