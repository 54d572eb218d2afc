#include "commands/report.hpp"

#include "outputs.hpp"
#include "report/html.hpp"
#include "report/json.hpp"
#include "report/text.hpp"

namespace relay::bench {

cli::Form report_form() {
  return {
      .arguments = {{"RESULT", cli::Arity::kSome, cli::Words::kFile}},
      .text = "RESULT is a file of --json. With two of them the page of --html lays one over the other.\n",
      .examples = {{"relaybench report fanout.json", "the table again"},
                   {"relaybench report new.json old.json --html page.html", "a page that compares"}}};
}

int report(Context& context) {
  std::vector<RunResult> results;
  for (const std::string& path : context.arguments.all("RESULT")) {
    auto result = read_result(path);
    if (!result) return context.fail(result.error());
    results.push_back(std::move(*result));
  }
  for (const RunResult& result : results) {
    const int code = context.print(context.json() ? to_json(result) : to_text(result, context.color()));
    if (code != exit_code::kOk) return code;
  }
  if (const auto written = write_outputs(context.arguments, results.front()); !written)
    return context.fail(written.error());
  if (!context.arguments.has("--html") || results.size() < 2) return exit_code::kOk;
  const auto page = write_file(context.arguments.text("--html"), to_html(results[0], &results[1]));
  return page ? exit_code::kOk : context.fail(page.error());
}

}  // namespace relay::bench
