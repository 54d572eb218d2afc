// The screens that a person sees when something is wrong, to the letter.
#include "options/load.hpp"

#include "load_fixture.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::options;
using relay::test::LoadFixture;

TEST_CASE("an unknown key shows where it is and what was meant") {
  LoadFixture fixture;
  fixture.write("relayd.toml", "# settings\n[channel]\nmax_cuont = 10\n");
  CHECK(fixture.load().exit_code == 78);
  CHECK(fixture.errors() ==
        "relayd.toml:3:1: error: unknown key \"max_cuont\" in [channel]\n"
        "  3 | max_cuont = 10\n"
        "    | ^~~~~~~~~\n"
        "  help: did you mean \"max_count\"?\n");
}

TEST_CASE("every error of every source is shown, in order") {
  LoadFixture fixture;
  fixture.write("relayd.toml", R"(listen = "8081"
loops = "four"
[sse]
heartbeat = 30
	retry = "5 minutes"
[channel]
max_bytes = "64 pounds"
max_count = 0
ephemeral = "yes"
[log]
level = "chatty"
[proxy]
trusted_ranges = ["10.0.0.0/8", "10.0.0.0/64"]
[chanel]
max_count = 1
)");
  fixture.write("relayd.toml.d/a.toml", "loops = 2000\n");
  fixture.environment["RELAYD_REDIS__ULR"] = "x";
  fixture.environment["RPS_LIMIT"] = "many";
  CHECK(fixture.load().exit_code == 78);
  CHECK(fixture.errors() ==
        R"(relayd.toml:1:10: error: listen: "8081": write HOST:PORT with a port from 0 to 65535
  1 | listen = "8081"
    |          ^~~~~~
relayd.toml:2:9: error: loops: expected a whole number, found string
  2 | loops = "four"
    |         ^~~~~~
relayd.toml:4:13: error: heartbeat: expected a duration in quotes, such as "30s", found integer
  4 | heartbeat = 30
    |             ^~
relayd.toml:5:10: error: retry: bad duration "5 minutes": write a whole number and ms, s, m, h or d, such as "30s"
  5 | 	retry = "5 minutes"
    | 	        ^~~~~~~~~~~
relayd.toml:7:13: error: max_bytes: bad size "64 pounds": write bytes, or a whole number and KiB, MiB, GiB, KB, MB or GB, such as "64KiB"
  7 | max_bytes = "64 pounds"
    |             ^~~~~~~~~~~
relayd.toml:8:13: error: max_count: 0 is out of bounds: 1 to 10000000
  8 | max_count = 0
    |             ^
relayd.toml:9:13: error: ephemeral: expected true or false, found string
  9 | ephemeral = "yes"
    |             ^~~~~
relayd.toml:11:9: error: level: "chatty" is none of debug, info, warning, error
  11 | level = "chatty"
     |         ^~~~~~~~
relayd.toml:13:33: error: trusted_ranges: "10.0.0.0/64": the part after the slash must be from 0 to 32
  13 | trusted_ranges = ["10.0.0.0/8", "10.0.0.0/64"]
     |                                 ^~~~~~~~~~~~~
relayd.toml:14:2: error: unknown section [chanel]
  14 | [chanel]
     |  ^~~~~~
  help: did you mean [channel]?
relayd.toml.d/a.toml:1:9: error: loops: 2000 is out of bounds: 0 to 1024
  1 | loops = 2000
    |         ^~~~
environment RPS_LIMIT: error: "many" is not a whole number
environment RELAYD_REDIS__ULR: error: no option has this name
  help: did you mean RELAYD_REDIS__URL?
)");
}

TEST_CASE("a syntax error has its position too") {
  LoadFixture fixture;
  fixture.write("relayd.toml", "[redis\nurl = 1\n");
  CHECK(fixture.load().exit_code == 78);
  const std::string errors = fixture.errors();
  CHECK(errors.find("relayd.toml:1:7: error: ") == 0);
  CHECK(errors.find("  1 | [redis\n    |       ^") != errors.npos);
}

TEST_CASE("a key in the wrong place is sent to the right one") {
  LoadFixture fixture;
  fixture.write("relayd.toml",
                "ping_interval = \"3s\"\n[redis]\nlisten = \":1\"\n[namespace]\nmax_age = \"1s\"\n");
  CHECK(fixture.errors() ==
        "relayd.toml:1:1: error: unknown key \"ping_interval\" at the top level\n"
        "  1 | ping_interval = \"3s\"\n"
        "    | ^~~~~~~~~~~~~\n"
        "  help: did you mean \"websocket.ping_interval\"?\n"
        "relayd.toml:3:1: error: unknown key \"listen\" in [redis]\n"
        "  3 | listen = \":1\"\n"
        "    | ^~~~~~\n"
        "  help: \"listen\" belongs at the top, before the first [section]\n"
        "relayd.toml:5:1: error: unknown key \"max_age\" in [namespace]\n"
        "  5 | max_age = \"1s\"\n"
        "    | ^~~~~~~\n"
        "  help: write [namespace.NAME] above it, with the namespace's own name\n");
}

TEST_CASE("sections and values are not confused") {
  LoadFixture fixture;
  fixture.write("relayd.toml",
                "redis = \"redis://h\"\n[listen]\na = 1\n[namespace.\"a b\"]\nmax_age = \"1s\"\n");
  CHECK(fixture.errors() ==
        "relayd.toml:1:1: error: \"redis\" is a section\n"
        "  1 | redis = \"redis://h\"\n"
        "    | ^~~~~\n"
        "  help: write [redis] on a line of its own\n"
        "relayd.toml:2:2: error: \"listen\" takes a value, it is not a section\n"
        "  2 | [listen]\n"
        "    |  ^~~~~~\n"
        "relayd.toml:4:12: error: \"a b\" cannot be a namespace: write 1 to 64 printable bytes without "
        "spaces or colons\n"
        "  4 | [namespace.\"a b\"]\n"
        "    |            ^~~~~\n");
}

TEST_CASE("a missing file is an error only when it was asked for") {
  const LoadFixture fixture;
  CHECK(fixture.load({"--config", fixture.path("none.toml")}).exit_code == 66);
  CHECK(fixture.errors({"--config", fixture.path("none.toml")}) ==
        "none.toml: error: cannot be read: no such file\n");
  CHECK(fixture.load({"--config", fixture.directory}).exit_code == 66);
}

TEST_CASE("wrong flags are usage errors with a suggestion, all at once") {
  const LoadFixture fixture;
  CHECK(fixture.load({"--lisen", ":1"}).exit_code == 64);
  CHECK(fixture.errors({"--lisen", ":1", "--redis.url=x", "--frobnicate"}) ==
        "relayd: error: unknown flag --lisen\n"
        "  help: did you mean --listen?\n"
        "relayd: error: unknown flag --redis.url\n"
        "  help: write --set redis.url=VALUE\n"
        "relayd: error: unknown flag --frobnicate\n"
        "  help: relayd --help lists the flags\n");
  CHECK(fixture.errors({"start"}) ==
        "relayd: error: unexpected argument \"start\"\n"
        "  help: relayd --help lists the flags\n");
  CHECK(fixture.load({"--config"}).exit_code == 64);
  CHECK(fixture.load({"--check=quick"}).exit_code == 64);
}

TEST_CASE("wrong values of flags are usage errors") {
  const LoadFixture fixture;
  CHECK(fixture.load({"--storage=disk"}).exit_code == 64);
  CHECK(fixture.errors({"--storage=disk", "--listen=x", "--set", "sse.hartbeat=3s", "--set", "loops"}) ==
        "flag --set: error: unknown key \"hartbeat\" in [sse]\n"
        "  help: did you mean \"sse.heartbeat\"?\n"
        "flag --set: error: \"loops\" has no value\n"
        "  help: write --set KEY=VALUE\n"
        "flag --listen: error: \"x\": write HOST:PORT with a port from 0 to 65535\n"
        "flag --storage: error: \"disk\" is none of memory, redis\n");
}

TEST_CASE("values that do not go together are refused where they were given") {
  LoadFixture fixture;
  fixture.write("relayd.toml",
                "[tls]\ncertificate_file = \"/c\"\n[drain]\ndelay = \"1m\"\ntimeout = \"10s\"\n");
  CHECK(fixture.errors() ==
        "relayd.toml:2:20: error: tls.certificate_file needs tls.key_file beside it\n"
        "  2 | certificate_file = \"/c\"\n"
        "    |                    ^~~~\n"
        "relayd.toml:5:11: error: drain.timeout (10s) is less than drain.delay and drain.spread together\n"
        "  5 | timeout = \"10s\"\n"
        "    |           ^~~~~\n"
        "  help: make it at least 80s\n");
}

TEST_CASE("other values that do not go together") {
  const LoadFixture fixture;
  const std::vector<std::vector<std::string>> cases = {
      {"--set=instance.dead_after=40s"},
      {"--set=redis.reconnect_min=1m"},
      {"--set=redis.tls_cert_file=/c"},
      {"--set=redis.mode=sentinel"},
      {"--set=redis.url=redis://a,b"},
      {"--set=redis.mode=cluster", "--set=redis.url=unix:///run/redis.sock"},
      {"--set=redis.mode=cluster", "--set=redis.url=redis://a/1"},
      {"--set=publish.max_bytes=8MiB", "--set=client.max_queue_bytes=64MiB"},
      {"--set=publish.max_bytes=1MiB"},
      {"--set=tls.self_signed=true", "--set=tls.certificate_file=/c", "--set=tls.key_file=/k"}};
  for (const auto& flags : cases) {
    INFO(flags.front());
    CHECK(fixture.load(flags).exit_code == 78);
  }
}

TEST_CASE("secret files that cannot be trusted or found are refused") {
  LoadFixture fixture;
  const std::string open = fixture.write("open", "pw\n", 0644);
  const std::string empty = fixture.write("empty", "\n", 0600);
  CHECK(fixture.load({"--set", "redis.password_file=" + open}).exit_code == 78);
  CHECK(fixture.errors({"--set", "redis.password_file=" + open}) ==
        "flag --set redis.password_file: error: secret file open: everyone may read it; run chmod o-rwx on "
        "it\n");
  CHECK(fixture.errors({"--set", "redis.password_file=" + empty}).find("empty") != std::string::npos);
  CHECK(fixture.errors({"--set", "redis.password_file=/nonexistent"}).find("No such file") !=
        std::string::npos);
  CHECK(fixture.errors({"--set", "redis.password_file=pw"}).find("$CREDENTIALS_DIRECTORY") !=
        std::string::npos);
  fixture.write("relayd.toml", "[redis]\npassword = \"a\"\npassword_file = \"/b\"\n");
  CHECK(fixture.errors().find("redis.password and redis.password_file are both given") != std::string::npos);
}

TEST_CASE("errors never show a secret from the environment") {
  LoadFixture fixture;
  fixture.environment["REDIS_URL"] = "redis://:sesame@";
  fixture.environment["RATE_LIMITS_BY_PASS_TOKEN"] = "open sesame";
  CHECK(fixture.load().exit_code == 78);
  CHECK(fixture.errors().find("sesame") == std::string::npos);
}

}  // namespace
