#include "verbs/completion_verb.hpp"

#include "cli/completion.hpp"
#include "context.hpp"
#include "program.hpp"

namespace relay::ctl {

Form completion_form() {
  return {.arguments = {{"SHELL", Arity::kOne, Words::kChoice, {"bash", "zsh", "fish"}}},
          .text = "Packages install the script; by hand, put it where the shell looks for it.\n",
          .examples = {{"relayctl completion bash > /etc/bash_completion.d/relayctl", "for everybody"},
                       {"source <(relayctl completion zsh)", "for this shell"}}};
}

int completion(Context& context) {
  return context.finish(context.output.text(completion_script(program(), context.arguments.text("SHELL"))));
}

}  // namespace relay::ctl
