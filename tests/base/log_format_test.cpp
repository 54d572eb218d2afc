#include "base/log_format.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

#include "support/catch.hpp"

using namespace relay::log;

namespace {

constexpr std::int64_t kNow = 1'795'233'906'789;  // 2026-11-21T04:05:06.789Z

// Everything that could end a line, colour a terminal or break a parser.
constexpr std::string_view kHostile = "a\r\nlevel=error \x1b[31m\x07\x7f\xc2\x9b\xe2\x80\xa8\xff\"\\";

void use_utc() {
  setenv("TZ", "UTC", 1);
  tzset();
}

std::size_t line_ends(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("text") {
  use_utc();
  const Record record{Level::kWarning, kNow,
                      "storage.lost",  "storage lost, retrying",
                      "i-1",           {{"node", "10.0.0.1:6379"}, {"attempt", 3}, {"why", "timed out"}}};
  CHECK(format_text(record, false) ==
        "04:05:06 warning storage lost, retrying node=10.0.0.1:6379 attempt=3 why=\"timed out\"\n");
  CHECK(format_text(record, true) ==
        "04:05:06 \x1b[33mwarning\x1b[0m storage lost, retrying node=10.0.0.1:6379 attempt=3 why=\"timed "
        "out\"\n");
  CHECK(format_text({Level::kInfo, kNow, "a.b", "plain", "", {}}, false) == "04:05:06 info plain\n");
}

TEST_CASE("text: each level has its colour") {
  use_utc();
  CHECK(format_text({Level::kDebug, kNow, "a", "x", "", {}}, true) == "04:05:06 \x1b[2mdebug\x1b[0m x\n");
  CHECK(format_text({Level::kInfo, kNow, "a", "x", "", {}}, true) == "04:05:06 \x1b[32minfo\x1b[0m x\n");
  CHECK(format_text({Level::kError, kNow, "a", "x", "", {}}, true) == "04:05:06 \x1b[31merror\x1b[0m x\n");
}

TEST_CASE("logfmt") {
  CHECK(format_logfmt(
            {Level::kError, kNow, "storage.lost", "storage lost", "i-1", {{"node", "a=b"}, {"n", -7}}}) ==
        "time=2026-11-21T04:05:06.789Z level=error event=storage.lost msg=\"storage lost\" instance=i-1 "
        "node=\"a=b\" n=-7\n");
  CHECK(format_logfmt({Level::kDebug, kNow, "e", "x", "", {{"empty", ""}, {"utf8", "gr\xc3\xbc\xc3\x9f"}}}) ==
        "time=2026-11-21T04:05:06.789Z level=debug event=e msg=x empty=\"\" utf8=gr\xc3\xbc\xc3\x9f\n");
}

TEST_CASE("JSON") {
  CHECK(format_json({Level::kInfo,
                     kNow,
                     "client.open",
                     "a \"client\"",
                     "i-1",
                     {{"n", 18446744073709551615U}, {"s", "7"}}}) ==
        R"({"time":"2026-11-21T04:05:06.789Z","level":"info","event":"client.open","msg":"a \"client\"",)"
        R"("instance":"i-1","n":18446744073709551615,"s":"7"})"
        "\n");
  CHECK(format_json({Level::kInfo, kNow, "e", "x", "", {}}) ==
        R"({"time":"2026-11-21T04:05:06.789Z","level":"info","event":"e","msg":"x"})"
        "\n");
}

TEST_CASE("nothing in a record ends its line or reaches the terminal raw") {
  use_utc();
  const Record record{Level::kWarning, kNow, "e", kHostile, "i", {{"path", kHostile}}};
  const std::string safe = R"(a\r\nlevel=error \x1b[31m\x07\x7f\x9b\u2028)"
                           "\xef\xbf\xbd";
  CHECK(format_text(record, false) == "04:05:06 warning " + safe + "\"\\ path=\"" + safe + "\\\"\\\\\"\n");
  CHECK(format_logfmt(record) == "time=2026-11-21T04:05:06.789Z level=warning event=e msg=\"" + safe +
                                     "\\\"\\\\\" instance=i path=\"" + safe + "\\\"\\\\\"\n");
  const std::string json = format_json(record);
  CHECK(line_ends(json) == 1);
  CHECK(json.find("\\u001b") != std::string::npos);
  CHECK(json.find("\\u009b") != std::string::npos);
  CHECK(json.find("\\u007f") != std::string::npos);
  CHECK(json.find("\\u2028") != std::string::npos);
  CHECK(nlohmann::json::parse(json).at("path") ==
        "a\r\nlevel=error \x1b[31m\x07\x7f\xc2\x9b\xe2\x80\xa8\xef\xbf\xbd\"\\");
}

TEST_CASE("every single byte stays on its line") {
  for (int c = 0; c < 256; ++c) {
    const std::string value(1, static_cast<char>(c));
    const Record record{Level::kInfo, kNow, "e", value, "", {{"v", value}}};
    for (const std::string& line : {format_text(record, false), format_logfmt(record), format_json(record)}) {
      INFO(c);
      CHECK(line_ends(line) == 1);
      CHECK(std::none_of(line.begin(), line.end() - 1,
                         [](char x) { return static_cast<unsigned char>(x) < 0x20 || x == 0x7f; }));
    }
    CHECK(nlohmann::json::accept(format_json(record)));
  }
}

TEST_CASE("journal") {
  CHECK(format_journal(
            {Level::kError, kNow, "storage.lost", "storage lost", "i-1", {{"node", "a=b"}, {"n", 7}}}) ==
        "MESSAGE=storage "
        "lost\nMESSAGE_ID=7fba93fa72aa88bb8b5223293335004b\nPRIORITY=3\nSYSLOG_IDENTIFIER=relayd\nRELAYD_"
        "EVENT=storage.lost\n"
        "RELAYD_INSTANCE=i-1\nRELAYD_NODE=a=b\nRELAYD_N=7\n");
  const auto priority = [](Level level) {
    const std::string datagram = format_journal({level, kNow, "e", "x", "", {}});
    return datagram.substr(datagram.find("PRIORITY="), 10);
  };
  CHECK(priority(Level::kDebug) == "PRIORITY=7");
  CHECK(priority(Level::kInfo) == "PRIORITY=6");
  CHECK(priority(Level::kWarning) == "PRIORITY=4");
}

TEST_CASE("journal: values with line ends are sent with their length") {
  using std::string_literals::operator""s;
  CHECK(format_journal({Level::kInfo, kNow, "e", "one\nPRIORITY=0", "", {{"two", "\n"}}}) ==
        "MESSAGE\n\x0e\0\0\0\0\0\0\0one\nPRIORITY=0\n"s
        "MESSAGE_ID=44df5c5cb01e8615be0aa66fb47b9e60\nPRIORITY=6\nSYSLOG_IDENTIFIER=relayd\nRELAYD_EVENT=e\n"
        "RELAYD_TWO\n\x01\0\0\0\0\0\0\0\n\n"s);
  const std::string datagram = format_journal({Level::kInfo, kNow, "e", std::string(0x1234, '\n'), "", {}});
  CHECK(datagram.starts_with("MESSAGE\n\x34\x12\0\0\0\0\0\0"s));
}

TEST_CASE("journal: keys take its alphabet and length") {
  const std::string datagram = format_journal({Level::kInfo, kNow, "e", "x", "", {{"a.b-C9", "1"}}});
  CHECK(datagram.find("\nRELAYD_A_B_C9=1\n") != std::string::npos);
  const std::string longest(80, 'k');
  CHECK(format_journal({Level::kInfo, kNow, "e", "x", "", {{longest, "1"}}})
            .find("\nRELAYD_" + std::string(57, 'K') + "=1\n") != std::string::npos);
}
