// The forms a result takes: what -o prints, and a file for each of --json, --html, --junit and the others.
//
// One table in outputs.cpp; its flags are common flags of the program. One thread. Failures: kIo, when a file
// cannot be written.
#pragma once

#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/form.hpp"
#include "result.hpp"

namespace relay::bench {

std::vector<cli::Flag> output_flags();
// Writes a file for each flag that was given; "r.json" becomes "r-2.json" with the mark "-2".
cli::Outcome<void> write_outputs(const cli::Arguments& arguments, const RunResult& result,
                                 const std::string& mark = {});

// Makes the folder if need be.
cli::Outcome<void> write_file(const std::string& path, const std::string& text);
// A file of --json. Failures: kNoInput, kData.
cli::Outcome<RunResult> read_result(const std::string& path);

}  // namespace relay::bench
