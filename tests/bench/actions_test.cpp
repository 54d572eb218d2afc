// Commands of stages: what becomes of them, and that none outlives the run.
#include "load/actions.hpp"

#include <signal.h>

#include <filesystem>
#include <fstream>

#include "support/await.hpp"
#include "support/catch.hpp"
#include "support/child_process.hpp"

using namespace relay::bench;

namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("An action knows its stage and the target, and its exit is kept") {
  const relay::test::ScratchFolder folder;
  const std::string out = folder.path() + "/out";
  Actions actions("http://127.0.0.1:8081");
  actions.begin("rush", "echo \"$RELAYBENCH_STAGE $RELAYBENCH_URL\" > " + out, 5);
  actions.begin("calm", "exit 3", 6);
  actions.begin("end", "kill -9 $$", 7);
  REQUIRE(relay::test::await([&] {
    actions.look();
    return actions.running() == 0;
  }));
  CHECK(text_of(out) == "rush http://127.0.0.1:8081\n");
  const auto all = actions.finish();
  REQUIRE(all.size() == 3);
  CHECK(all[0].stage == "rush");
  CHECK(all[0].at_ns == 5);
  CHECK(all[0].exit == 0);
  CHECK(all[0].duration_ns > 0);
  CHECK(all[1].exit == 3);
  CHECK(all[2].exit == 128 + SIGKILL);
}

TEST_CASE("What still runs at the end is ended, with its children") {
  const relay::test::ScratchFolder folder;
  const std::string out = folder.path() + "/out";
  Actions actions("");
  actions.begin("rush", "sleep 600 & echo $! > " + out + ".new; mv " + out + ".new " + out + "; wait", 5);
  REQUIRE(relay::test::await([&] { return std::filesystem::exists(out); }));
  const pid_t child = std::stoi(text_of(out));
  CHECK(kill(child, 0) == 0);
  const auto all = actions.finish();
  REQUIRE(all.size() == 1);
  CHECK_FALSE(all[0].exit.has_value());
  // Who takes it in may reap it late: a process that has ended has no program any more.
  CHECK(relay::test::await([&] { return text_of("/proc/" + std::to_string(child) + "/cmdline").empty(); }));
}
