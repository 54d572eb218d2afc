#include "commands/compare.hpp"

#include <glob.h>

#include <filesystem>

#include "knob_values.hpp"
#include "outputs.hpp"
#include "report/compare.hpp"

namespace relay::bench {
namespace {

// The files that BASE or NEW names: itself, those of a folder, or those of a pattern.
cli::Outcome<std::vector<std::string>> files_of(const std::string& word) {
  const std::string pattern = std::filesystem::is_directory(word) ? word + "/*.json" : word;
  glob_t found{};
  const int code = ::glob(pattern.c_str(), 0, nullptr, &found);
  std::vector<std::string> files(found.gl_pathv, found.gl_pathv + (code == 0 ? found.gl_pathc : 0));
  ::globfree(&found);
  if (files.empty()) return cli::Failure{exit_code::kNoInput, "there is no result at " + word};
  return files;
}

cli::Outcome<std::vector<RunResult>> results_of(const std::string& word) {
  const auto files = files_of(word);
  if (!files) return files.error();
  std::vector<RunResult> results;
  for (const std::string& file : *files) {
    auto result = read_result(file);
    if (!result) return result.error();
    results.push_back(std::move(*result));
  }
  return results;
}

}  // namespace

cli::Form compare_form() {
  return {.arguments = {{"BASE", cli::Arity::kOne, cli::Words::kFile},
                        {"NEW", cli::Arity::kOne, cli::Words::kFile}},
          .flags = {{"--tolerance", "SHARE", "differences that do not matter (5%)"},
                    {"--force", "", "also when load, seed or machine differ"}},
          .text =
              "BASE and NEW are files of --json, folders of them, or patterns in quotes; several runs of "
              "each say more "
              "than one. Exit 1 when something became worse.\n",
          .examples = {{"relaybench compare base.json new.json", "one run of each"},
                       {"relaybench compare 'base-*.json' 'new-*.json' --tolerance 3%", "several"}}};
}

int compare(Context& context) {
  const auto tolerance = read_share(context.arguments.text_or("--tolerance", "5%"));
  if (!tolerance) return context.fail(cli::usage("--tolerance must be a share such as 5%"));
  const auto base = results_of(context.arguments.text("BASE"));
  if (!base) return context.fail(base.error());
  const auto fresh = results_of(context.arguments.text("NEW"));
  if (!fresh) return context.fail(fresh.error());
  CompareOptions options;
  options.tolerance = *tolerance;
  options.force = context.arguments.has("--force");
  const auto report = compare(*base, *fresh, options);
  if (!report)
    return context.fail({exit_code::kData, "these results cannot be compared", report.error().message,
                         "--force compares them all the same"});
  const int code = context.print(context.json() ? to_json(*report) : to_text(*report));
  if (code != exit_code::kOk) return code;
  return is_worse(*report) ? exit_code::kNo : exit_code::kOk;
}

}  // namespace relay::bench
