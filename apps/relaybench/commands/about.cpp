#include "commands/about.hpp"

#include "cli/completion.hpp"
#include "cli/help.hpp"
#include "commands.hpp"

namespace relay::bench {

cli::Form version_form() {
  return {};
}

int version(Context& context) {
  const std::string commit(context.commit);
  if (context.json())
    return context.print("{\"version\": \"" RELAY_VERSION "\", \"commit\": \"" + commit + "\"}\n");
  return context.print("relaybench " RELAY_VERSION + (commit.empty() ? "" : " (" + commit + ")") + "\n");
}

cli::Form help_form() {
  return {.arguments = {{"TOPIC", cli::Arity::kAny, cli::Words::kTopic}}};
}

int help(Context& context) {
  const auto text = cli::help_on(program(), context.arguments.all("TOPIC"));
  return text ? context.print(*text) : context.fail(text.error());
}

cli::Form completion_form() {
  return {.arguments = {{"SHELL", cli::Arity::kOne, cli::Words::kChoice, {"bash", "zsh", "fish"}}},
          .text = "Packages install the script; by hand, put it where the shell looks for it.\n",
          .examples = {{"relaybench completion bash > /etc/bash_completion.d/relaybench", "for everybody"}}};
}

int completion(Context& context) {
  return context.print(cli::completion_script(program(), context.arguments.text("SHELL")));
}

}  // namespace relay::bench
