#include "frontend/instances.hpp"

namespace relay::frontend {
namespace {

// Runs `question(registry, answer)` on the first loop; `answer` carries its Result back to `here`.
template <class T, class Question>
void ask(LoopContext& here, Question question, std::function<void(Result<T>)> done) {
  LoopContext& home = *here.shared.loops.front();
  home.loop.post([&here, &home, question = std::move(question), done = std::move(done)]() mutable {
    auto answer = [&here, done = std::move(done)](Result<T> result) {
      here.loop.post([done, result = std::move(result)]() mutable { done(std::move(result)); });
    };
    if (home.shared.registry == nullptr) {
      return answer(make_error(ErrorKind::kUnavailable, "stopping", "this instance is stopping"));
    }
    question(*home.shared.registry, std::move(answer));
  });
}

}  // namespace

void ask_presence(LoopContext& here, std::string channel, std::uint32_t limit,
                  std::function<void(Result<hub::PresenceAnswer>)> done) {
  ask<hub::PresenceAnswer>(
      here,
      [channel = std::move(channel), limit](hub::Registry& registry, auto answer) {
        registry.presence(channel, limit, std::move(answer));
      },
      std::move(done));
}

void ask_instances(LoopContext& here, std::function<void(Result<std::vector<hub::Instance>>)> done) {
  ask<std::vector<hub::Instance>>(
      here, [](hub::Registry& registry, auto answer) { registry.instances(std::move(answer)); },
      std::move(done));
}

void ask_known(LoopContext& here, std::string instance, std::function<void(Result<bool>)> done) {
  ask<bool>(
      here,
      [instance = std::move(instance)](hub::Registry& registry, auto answer) {
        registry.knows(instance, std::move(answer));
      },
      std::move(done));
}

}  // namespace relay::frontend
