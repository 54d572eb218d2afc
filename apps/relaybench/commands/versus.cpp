#include "commands/versus.hpp"

#include "cli/command_line.hpp"
#include "cli/interrupt.hpp"
#include "commands.hpp"
#include "drivers/driver.hpp"
#include "loads.hpp"
#include "measurement.hpp"
#include "outputs.hpp"
#include "report/versus.hpp"

namespace relay::bench {
namespace {

constexpr std::int64_t kDefaultRuns = 3;
constexpr std::int64_t kMostRuns = 100;

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (c != ' ') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

// "--url http://... --driver nchan": as if it stood on the command line of the load.
cli::Outcome<void> give_flags(const std::string& text, Request& request) {
  std::vector<std::string> words = words_of(text);
  words.insert(words.begin(), "fanout");
  const cli::CommandLine line = cli::read_command_line(program(), words);
  if (line.failure) return *line.failure;
  return give_knobs(line.arguments, request);
}

// "nchan=http://127.0.0.1:8080" or "http://127.0.0.1:8081".
cli::Outcome<void> give_server(const std::string& text, Request& request) {
  const auto equals = text.find('=');
  const bool driver = equals != text.npos && find_driver(text.substr(0, equals)) != nullptr;
  request.plan.target.url = driver ? text.substr(equals + 1) : text;
  if (driver) request.plan.target.driver = text.substr(0, equals);
  if (request.plan.target.url.find("://") == std::string::npos)
    return cli::usage("\"" + text + "\" is no server to compare",
                      "write URL, DRIVER=URL, or flags: --b '--driver nchan --url http://127.0.0.1:8080'");
  return {};
}

cli::Outcome<Request> side(const Request& common, const std::string& text) {
  Request request = common;
  const auto given = text.starts_with('-') ? give_flags(text, request) : give_server(text, request);
  if (!given) return given.error();
  return request;
}

// A B A B ..., so that whatever else the machine does meets both.
cli::Outcome<std::vector<VersusPair>> alternate(const Context& context, const Request& a, const Request& b,
                                                std::int64_t runs) {
  std::vector<VersusPair> pairs;
  for (std::int64_t i = 0; i < runs && !cli::interrupted(); ++i) {
    const std::string which = " " + std::to_string(i + 1) + " of " + std::to_string(runs);
    context.console.say("A" + which);
    auto first = measure(context, a);
    if (!first) return first.error();
    if (cli::interrupted()) break;
    context.console.say("B" + which);
    auto second = measure(context, b);
    if (!second) return second.error();
    if (cli::interrupted()) break;
    pairs.push_back({std::move(*first), std::move(*second)});
  }
  return pairs;
}

int exit_of(const std::vector<VersusPair>& pairs) {
  int code = exit_code::kOk;
  for (const VersusPair& pair : pairs) code = worst_exit(pair.b, worst_exit(pair.a, code));
  return cli::interrupted() ? exit_code::kInterrupted : code;
}

}  // namespace

cli::Form versus_form() {
  return {
      .arguments = {{"LOAD", cli::Arity::kOptional, cli::Words::kScenario}},
      .flags = {{"--a", "SERVER", "URL, DRIVER=URL, or flags in quotes"},
                {"--b", "SERVER", "the other one, likewise"},
                {"--runs", "N", "of each (3)"}},
      .text =
          "LOAD is a ready-made load (fanout) or a scenario file. Both sides get the same load, seed and "
          "time, in "
          "turn: A B A B. Each ratio is taken within a pair of runs; its median and its spread are printed. "
          "--json keeps all of it.\n",
      .examples = {{"relaybench versus --a relay=http://127.0.0.1:8081 --b nchan=http://127.0.0.1:8080",
                    "SSE, fan-out"},
                   {"relaybench versus pairs --a '--transport sse' --b '--transport ws' --runs 5",
                    "two ways to ask one"}}};
}

int versus(Context& context) {
  if (!context.arguments.has("--a") || !context.arguments.has("--b"))
    return context.fail(cli::usage("versus needs --a and --b", "see: relaybench versus -h"));
  const auto runs = context.arguments.count("--runs", kDefaultRuns, 1, kMostRuns);
  if (!runs) return context.fail(runs.error());
  const auto common = request_of(context.arguments.text_or("LOAD", "fanout"), context.arguments);
  if (!common) return context.fail(common.error());
  const auto a = side(*common, context.arguments.text("--a"));
  if (!a) return context.fail(a.error());
  const auto b = side(*common, context.arguments.text("--b"));
  if (!b) return context.fail(b.error());
  const auto pairs = alternate(context, *a, *b, *runs);
  if (!pairs) return context.fail(pairs.error());
  if (pairs->empty()) return exit_code::kInterrupted;
  const std::string json = versus_json(*pairs);
  if (const int code = context.print(context.json() ? json : versus_text(*pairs)); code != 0) return code;
  if (context.arguments.has("--json")) {
    if (const auto written = write_file(context.arguments.text("--json"), json); !written)
      return context.fail(written.error());
  }
  return exit_of(*pairs);
}

}  // namespace relay::bench
