#include "verbs/about.hpp"

#include "context.hpp"
#include "help.hpp"
#include "options/table.hpp"
#include "verbs.hpp"

namespace relay::ctl {

Form version_form() {
  return {.columns = {{"version", "VERSION", Kind::kText, Show::kAlways, "of relayctl"},
                      {"compiler", "COMPILER", Kind::kText, Show::kAlways, "that built it"},
                      {"cplusplus", "C++", Kind::kText, Show::kAlways, "__cplusplus of the build"}}};
}

int version(Context& context) {
  if (context.output.format() == Format::kTable)
    return context.finish(context.output.text("relayctl " RELAY_VERSION "\n"));
  return context.finish(context.output.record(
      context.columns(),
      {{"version", RELAY_VERSION}, {"compiler", __VERSION__}, {"cplusplus", std::to_string(__cplusplus)}}));
}

Form help_form() {
  return {.arguments = {{"TOPIC", Arity::kAny, Words::kTopic}}};
}

int help(Context& context) {
  std::string topic;
  for (const std::string& word : context.arguments.all("TOPIC")) topic += (topic.empty() ? "" : " ") + word;
  if (topic.empty()) return context.finish(context.output.text(overview(false)));
  if (const auto text = help_on(topic)) return context.finish(context.output.text(*text));
  std::vector<std::string> known;
  for (const Topic& each : topics()) known.emplace_back(each.name);
  for (const Verb& verb : verbs()) known.emplace_back(verb.path);
  for (const std::string_view noun : nouns()) known.emplace_back(noun);
  const auto near = options::nearest(topic, known);
  return context.fail(
      usage("there is no help on \"" + topic + "\"",
            (near ? "did you mean \"" + *near + "\"?  " : "") + std::string("see: relayctl help")));
}

}  // namespace relay::ctl
