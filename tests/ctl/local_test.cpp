// Verbs that need no relayd, the way to one, and what is said when there is none.
#include "ctl/ctl_runner.hpp"

#include <signal.h>
#include <sys/stat.h>

#include <filesystem>

#include "ctl/live_fixture.hpp"
#include "support/await.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::test;
using nlohmann::json;

bool has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

TEST_CASE("version is one line, with details as JSON") {
  const Ctl ctl;
  CHECK(ctl.expect(0, {"--version"}).out == "relayctl " RELAY_VERSION "\n");
  CHECK(ctl.expect(0, {"version"}).out == "relayctl " RELAY_VERSION "\n");
  CHECK(ctl.json({"version"})["version"] == RELAY_VERSION);
}

TEST_CASE("help goes to standard output, and mistakes to standard error with 64") {
  const Ctl ctl;
  CHECK(has(ctl.expect(0, {"help"}).out, "Commands:"));
  CHECK(has(ctl.expect(0, {"-h"}).out, "Examples:"));
  CHECK(has(ctl.expect(0, {"--help"}).out, "channels kick"));
  CHECK(has(ctl.expect(0, {"channels", "-h"}).out, "list"));
  CHECK(has(ctl.expect(0, {"tail", "--help"}).out, "Keys:"));
  CHECK(has(ctl.expect(0, {"help", "exit-codes"}).out, "77   not allowed"));
  CHECK(ctl.run({"help", "exit-code"}).err ==
        "relayctl: there is no help on \"exit-code\"\n  did you mean \"exit-codes\"?  see: relayctl help\n");
  const CtlResult noun = ctl.expect(64, {"channels"});
  CHECK(noun.out.empty());
  CHECK(has(noun.err, "kick CHANNEL"));
  const CtlResult typo = ctl.expect(64, {"chanels", "list"});
  CHECK(typo.err ==
        "relayctl: unknown command \"chanels\"\n  did you mean \"channels\"?  see: relayctl help\n");
}

TEST_CASE("a relayd that is not there is said with what was tried") {
  const Ctl ctl;
  const CtlResult named = ctl.expect(69, {"status", "-s", "unix:/no/such.sock"});
  CHECK(has(named.err, "relayctl: cannot reach relayd at unix:/no/such.sock: No such file or directory\n"));
  const ScratchFolder folder;
  const std::string config =
      folder.write("relayd.toml", "[admin]\nsocket = \"/no/such.sock\"\n[operator]\nlisten = \"127.0.0.1:" +
                                      std::to_string(free_port()) + "\"\n");
  const CtlResult tried = ctl.expect(69, {"status", "--config", config});
  CHECK(has(tried.err, "the admin socket unix:/no/such.sock: "));
  CHECK(has(tried.err, "the operator address 127.0.0.1:"));
  CHECK(has(tried.err, "systemctl status relayd"));
  CHECK(ctl.run({"status", "-s", "nonsense"}).exit == 64);
}

TEST_CASE("whoever is no relayd is told apart") {
  LiveFixture fixture;
  // The public port answers HTTP, but not this.
  CHECK(Ctl().run({"status", "-s", "127.0.0.1:" + std::to_string(fixture.relayd.port())}).exit == 1);
}

TEST_CASE("the operator address wants its token") {
  const ScratchFolder folder;
  const std::string token = folder.write("token", "open-sesame\n");
  const std::string wrong = folder.write("wrong", "open-barley\n");
  ::chmod(token.c_str(), 0600);
  ::chmod(wrong.c_str(), 0600);
  const RelaydProcess off;
  const CtlResult without =
      Ctl().expect(77, {"status", "-s", "127.0.0.1:" + std::to_string(off.operator_port())});
  CHECK(has(without.err, "operator.token_file"));
  const RelaydProcess relayd({{"operator.token_file", token}});
  const std::string address = "http://127.0.0.1:" + std::to_string(relayd.operator_port());
  CHECK(Ctl().run({"status", "-s", address}).exit == 77);
  CHECK(Ctl().run({"status", "-s", address, "--token-file", wrong}).exit == 77);
  CHECK(Ctl().json({"status", "-s", address, "--token-file", token})["ready"] == true);
  const CtlResult traced = Ctl().expect(0, {"status", "-s", address, "--token-file", token, "--trace"});
  CHECK(has(traced.err, "GET /admin/v1/status"));
  CHECK_FALSE(has(traced.err, "open-sesame"));
  CHECK(Ctl().json({"config", "get", "operator.token", "-s", address, "--token-file", token})["value"] ==
        "***");
}

TEST_CASE("contexts are made, used and removed") {
  LiveFixture fixture;
  const Ctl ctl;
  CHECK(ctl.json({"context", "list"}).empty());
  ctl.expect(0, {"context", "add", "edge", "-s", "unix:" + fixture.socket(), "--description", "it's here"});
  struct stat status{};
  REQUIRE(::stat((ctl.home() + "/.config/relayctl/contexts.json").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(ctl.run({"context", "add", "edge"}).exit == 64);
  CHECK(ctl.run({"context", "add", "a/b"}).exit == 64);
  ctl.expect(0, {"context", "add", "gone", "-s", "unix:/no/such.sock"});
  const json list = ctl.json({"context", "list"});
  REQUIRE(list.size() == 2);
  CHECK(list[0]["context"] == "edge");
  CHECK(list[0]["selected"] == true);
  CHECK(has(ctl.expect(0, {"context", "list"}).out, "it's here"));
  CHECK(ctl.json({"status"})["instance"] == "edge-1");
  CHECK(ctl.run({"status", "--context", "gone"}).exit == 69);
  CHECK(has(ctl.expect(64, {"status", "--context", "edg"}).err, "did you mean \"edge\"?"));
  ctl.expect(0, {"context", "select", "gone"});
  CHECK(ctl.json({"context", "show"})["server"] == "unix:/no/such.sock");
  CHECK(ctl.run({"status"}).exit == 69);
  ctl.expect(0, {"context", "edit", "gone", "--prefix", "other"});
  CHECK(ctl.json({"context", "show", "gone"})["prefix"] == "other");
  ctl.expect(0, {"context", "copy", "edge", "twin"});
  CHECK(ctl.expect(0, {"context", "export", "twin"}).out ==
        "relayctl context add twin --description 'it'\\''s here' --server 'unix:" + fixture.socket() + "'\n");
  CHECK(ctl.run({"context", "rm", "twin"}).exit == 64);
  ctl.expect(0, {"context", "rm", "twin", "-y"});
  CHECK(ctl.run({"context", "show", "twin"}).exit == 64);
  ctl.expect(0, {"context", "select", "-"});
  CHECK(ctl.run({"context", "show"}).exit == 1);
}

TEST_CASE("the environment chooses a context") {
  LiveFixture fixture;
  Ctl ctl;
  ctl.expect(0, {"context", "add", "first", "-s", "unix:/no/such.sock"});
  ctl.expect(0, {"context", "add", "edge", "-s", "unix:" + fixture.socket()});
  ctl.set_environment({"RELAYCTL_CONTEXT=edge"});
  CHECK(ctl.json({"status"})["instance"] == "edge-1");
}

TEST_CASE("completion offers what lives, and is silent without") {
  LiveFixture fixture;
  fixture.listen(Wire::kSse, "chat:1");
  const Ctl ctl;
  const std::string server = "unix:" + fixture.socket();
  CHECK(ctl.expect(0, {"__complete", "-s", server, "tail", ""}).out == "chat:1\n");
  CHECK(ctl.expect(0, {"__complete", "-s", server, "instances", "get", "e"}).out == "edge-1\n");
  CHECK(has(ctl.expect(0, {"__complete", "status", "--w"}).out, "--watch\t"));
  const CtlResult nothing = ctl.expect(0, {"__complete", "-s", "unix:/no/such.sock", "tail", ""});
  CHECK(nothing.out.empty());
  CHECK(nothing.err.empty());
  ctl.expect(0, {"context", "add", "edge", "-s", server});
  CHECK(ctl.expect(0, {"__complete", "status", "--context", ""}).out == "edge\n");
  CHECK(ctl.expect(0, {"__complete", "channels", "get", ""}).out == "chat:1\n");
  CHECK(has(ctl.expect(0, {"completion", "bash"}).out, "relayctl __complete"));
}

TEST_CASE("doctor looks at everything and says what needs somebody") {
  LiveFixture fixture;
  const std::string url = "http://127.0.0.1:" + std::to_string(fixture.relayd.port());
  const CtlResult looked = fixture.ctl.run({"doctor", "--url", url, "-o", "json"});
  CHECK((looked.exit == 0 || looked.exit == 1));  // this machine may need somebody
  std::map<std::string, std::string> states;
  for (const json& row : looked.json()) states[row["check"]] = row["state"];
  CHECK(states["ready"] == "ok");
  CHECK(states["version"] == "ok");
  CHECK(states["admin socket"] == "ok");
  CHECK(states["proxy"] == "ok");
  CHECK(states["settings"] == "ok");
  ::chmod(fixture.socket().c_str(), 0666);
  const CtlResult table = fixture.ctl.expect(1, {"doctor"});
  CHECK(has(table.out, "fail  admin socket"));
  CHECK(has(table.out, "chmod 0660 "));
  CHECK(has(table.err, " need you ("));
  CHECK(fixture.ctl.expect(1, {"doctor", "--url", "http://127.0.0.1:1", "-o", "json"}).exit == 1);
}

TEST_CASE("watching shows it again and again until interrupted") {
  LiveFixture fixture;
  ChildProcess watching(fixture.ctl.command({"status", "-o", "jsonl", "--watch=100ms"}),
                        fixture.ctl.environment());
  REQUIRE(watching.await_line("edge-1", std::chrono::seconds(15)));
  const auto lines = [&] {
    const std::string all = watching.output();
    return std::count(all.begin(), all.end(), '\n');
  };
  CHECK(await([&] { return lines() >= 3; }));
  watching.signal(SIGINT);
  CHECK(watching.wait(std::chrono::seconds(15)) == 130);
}

}  // namespace
