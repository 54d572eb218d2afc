#include "verbs/about.hpp"

#include "cli/help.hpp"
#include "context.hpp"
#include "program.hpp"

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
  const auto text = help_on(program(), context.arguments.all("TOPIC"));
  return text ? context.finish(context.output.text(*text)) : context.fail(text.error());
}

}  // namespace relay::ctl
