#include "cli/render.hpp"

#include "cli/human.hpp"
#include "cli/terminal.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::cli;

const std::vector<Column> kColumns{
    {"channel", "CHANNEL"}, {"subscribers", "SUBSCRIBERS", Kind::kNumber}, {"size", "SIZE", Kind::kBytes}};
const std::vector<Json> kRows{{{"channel", "news"}, {"subscribers", 12345}, {"size", 43'306'189}},
                              {{"channel", "größe"}, {"subscribers", 1}, {"size", nullptr}}};

TEST_CASE("a table has no lines, numbers stand to the right") {
  set_up_locale();
  CHECK(render_table(kColumns, kRows, {}) ==
        "CHANNEL  SUBSCRIBERS      SIZE\n"
        "news          12,345  41.3 MiB\n"
        "größe              1         -\n");
  CHECK(render_table(kColumns, kRows, {.headers = false}).starts_with("news   12,345  41.3 MiB\n"));
}

TEST_CASE("a table is cut to the terminal, and whole without one") {
  const std::vector<Column> columns{{"text", "TEXT"}, {"n", "N", Kind::kNumber}};
  const std::vector<Json> rows{{{"text", std::string(100, 'x')}, {"n", 7}}};
  CHECK(render_table(columns, rows, {.width = 20}) ==
        "TEXT               N\n" + std::string(16, 'x') + "…  7\n");
  CHECK(render_table(columns, rows, {}).find(std::string(100, 'x')) != std::string::npos);
}

TEST_CASE("rows that come one by one stand below each other") {
  const std::vector<Column> columns{{"a", "A"}, {"b", "B"}};
  std::vector<std::size_t> widths;
  CHECK(render_table(columns, std::vector<Json>{{{"a", "longer"}, {"b", "x"}}}, {.widths = &widths}) ==
        "A       B\nlonger  x\n");
  CHECK(render_table(columns, std::vector<Json>{{{"a", "1"}, {"b", "y"}}},
                     {.headers = false, .widths = &widths}) == "1       y\n");
}

TEST_CASE("wide characters take two columns, and data cannot steer the terminal") {
  set_up_locale();
  CHECK(display_width("日本") == 4);
  CHECK(cut("日本語", 5) == "日本…");
  CHECK(printable("a\x1b[31m\nb") == "a\\x1b[31m\\nb");
  CHECK(printable("a\xc2\x9b"
                  "b") == "a\\x9bb");
}

TEST_CASE("csv is RFC 4180") {
  const std::vector<Column> columns{{"a", "A"}, {"b", "B"}};
  const std::vector<Json> rows{{{"a", "x,y"}, {"b", "say \"hi\"\n"}}, {{"a", 1}, {"b", nullptr}}};
  CHECK(render_csv(columns, rows, true) == "a,b\r\n\"x,y\",\"say \"\"hi\"\"\n\"\r\n1,\r\n");
  CHECK(render_csv(columns, rows, false).starts_with("\"x,y\""));
}

TEST_CASE("yaml quotes what it would read otherwise") {
  CHECK(render_yaml({{"a", "plain"},
                     {"b", "yes"},
                     {"c", "1.5"},
                     {"d", {1, 2}},
                     {"e", Json::object()},
                     {"f", {{"g", nullptr}}},
                     {"h", ""}}) ==
        "a: plain\nb: \"yes\"\nc: \"1.5\"\nd:\n  - 1\n  - 2\ne: {}\nf:\n  g: null\nh: \"\"\n");
  CHECK(render_yaml(Json::array({{{"a", 1}, {"b", "x: y"}}})) == "- a: 1\n  b: \"x: y\"\n");
  CHECK(render_yaml(Json::array()) == "[]\n");
}

TEST_CASE("a template has fields in braces") {
  const Json row{{"channel", "news"}, {"n", 3}};
  CHECK(render_template("{channel}\\t{n}{{}}\\n", row).value() == "news\t3{}\n");
  CHECK(render_template("{nosuch}", row).error().exit == 64);
  CHECK(render_template("{channel", row).error().exit == 64);
}

TEST_CASE("numbers for people") {
  CHECK(grouped(-1234567) == "-1,234,567");
  CHECK(grouped(999) == "999");
  CHECK(human_bytes(1023) == "1023 B");
  CHECK(human_bytes(1536) == "1.5 KiB");
  CHECK(human_duration(350) == "350ms");
  CHECK(human_duration(1234) == "1.2s");
  CHECK(human_duration(432'000) == "7m12s");
  CHECK(human_duration(3 * 86'400'000LL + 4 * 3'600'000LL) == "3d4h");
  CHECK(human_rate(4118.2) == "4,118/s");
  CHECK(human_rate(0.25) == "0.2/s");
  CHECK(human_rate(0) == "0/s");
}

TEST_CASE("times come back as they were written") {
  CHECK(parse_rfc3339(relay::rfc3339(1'763'698'000'123)) == 1'763'698'000'123);
  CHECK(parse_rfc3339("yesterday") == -1);
  CHECK(parse_rfc3339("2026-11-21T07:00:00+01:00") == -1);
}

TEST_CASE("colour is asked for by flag, environment and terminal, in that order") {
  CHECK(wants_color("always", 0));
  CHECK_FALSE(wants_color("never", 0));
  CHECK(painted("x", Ink::kBad, false) == "x");
  CHECK(painted("x", Ink::kBad, true) == "\x1b[31mx\x1b[0m");
}

}  // namespace
