#include "verbs/wait.hpp"

#include "base/bytes.hpp"
#include "cli/human.hpp"
#include "cli/interrupt.hpp"
#include "context.hpp"
#include "options/value.hpp"

namespace relay::ctl {
namespace {

constexpr Milliseconds kLook{200};

struct Condition {
  std::string kind;      // ready, drained, instances, channel
  std::string argument;  // of the last two
};

Outcome<Condition> condition_of(const std::string& text) {
  const auto equals = text.find('=');
  const Condition condition{text.substr(0, equals), equals == text.npos ? "" : text.substr(equals + 1)};
  const bool bare = condition.kind == "ready" || condition.kind == "drained";
  const bool with = condition.kind == "instances" || condition.kind == "channel";
  const bool counts = condition.kind != "instances" || options::parse_count(condition.argument);
  if ((bare && equals == text.npos) || (with && !condition.argument.empty() && counts)) return condition;
  return usage("\"" + text + "\" is nothing to wait for",
               "one of: ready, drained, instances=N, channel=CHANNEL");
}

std::int64_t alive_in(const std::vector<Json>& instances) {
  std::int64_t alive = 0;
  for (const Json& instance : instances) alive += instance.value("state", "") == "dead" ? 0 : 1;
  return alive;
}

// Whether it holds; a failure when it cannot be asked just now.
Outcome<bool> holds(Live& live, const Condition& condition) {
  if (condition.kind == "instances") {
    const auto instances = live.list("/admin/v1/instances", "instances");
    if (!instances) return instances.error();
    return alive_in(*instances) == *options::parse_count(condition.argument);
  }
  if (condition.kind == "channel") {
    const auto channel = live.get("/admin/v1/channels/" + percent_encode(condition.argument));
    if (!channel) return channel.error();
    return channel->value("subscribers", std::int64_t{0}) > 0;
  }
  const auto status = live.get("/admin/v1/status");
  if (!status) return status.error();
  if (condition.kind == "ready") return status->value("ready", false);
  return status->value("state", "") == "draining" && status->value("clients", std::int64_t{0}) == 0;
}

bool may_pass(const Failure& failure) {
  return failure.exit == exit_code::kUnavailable || failure.exit == exit_code::kTryAgain;
}

}  // namespace

Form wait_form() {
  return {.arguments = {{"CONDITION", Arity::kOne, Words::kNothing}},
          .flags = {{"--for", "TIME", "how long at most (60s)"}},
          .text =
              "Waits for ready, drained (draining and without clients), instances=N (so many alive), or "
              "channel=CHANNEL\n"
              "(somebody listens). 0 when it is so, 75 when it was not in time. A relayd that is not there "
              "yet is waited for.\n",
          .examples = {{"relayctl wait ready --for 30s", "after a start"},
                       {"relayctl wait instances=3", "until all three are up"}},
          .columns = {{"condition", "CONDITION", Kind::kText, Show::kAlways, "what was waited for"},
                      {"waited_ms", "WAITED", Kind::kDuration, Show::kAlways, "until it was so"}}};
}

int wait_until(Context& context) {
  const std::string& text = context.arguments.text("CONDITION");
  const auto condition = condition_of(text);
  if (!condition) return context.fail(condition.error());
  const auto patience = context.arguments.duration("--for", Milliseconds(60'000));
  if (!patience) return context.fail(patience.error());
  catch_interrupts();
  const auto began = std::chrono::steady_clock::now();
  const auto waited = [&] {
    return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - began);
  };
  std::optional<Failure> last;
  while (true) {
    auto live = Live::connect(context.arguments, context.console);
    const Outcome<bool> state = live ? holds(*live, *condition) : Outcome<bool>(live.error());
    if (state && *state)
      return context.finish(
          context.output.record(context.columns(), {{"condition", text}, {"waited_ms", waited().count()}}));
    if (!state && !may_pass(state.error())) return context.fail(state.error());
    last = state ? std::optional<Failure>() : state.error();
    if (waited() >= *patience) break;
    if (!pause_for(std::min(kLook, *patience - waited()))) return exit_code::kInterrupted;
  }
  return context.fail({exit_code::kTryAgain,
                       "not " + text + " within " + human_duration(patience->count()),
                       last ? last->what : "",
                       {}});
}

}  // namespace relay::ctl
