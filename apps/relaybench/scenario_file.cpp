#include "scenario_file.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include "base/bytes.hpp"
#include "knob_values.hpp"
#include "knobs.hpp"
#include "options/table.hpp"
#include "options/toml_file.hpp"

namespace relay::bench {
namespace {

using options::Diagnostic;
using options::Place;
using Wrong = std::optional<std::string>;

// A value as the same text on a command line. Nothing for tables, dates and lists.
std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* number = node.as_floating_point()) {
    std::array<char, 32> digits;
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), number->get(), std::chars_format::fixed);
    if (end.ec == std::errc()) return std::string(digits.data(), end.ptr);
  }
  return {};
}

// Reads one document. toml++ keeps keys sorted, so diagnostics are put back into the order of the text at the
// end.
class Reader {
 public:
  Reader(std::string_view text, const std::string& name, Request& request)
      : name_(name), lines_(split(text, '\n')), request_(request) {}

  void read(const toml::table& document);
  void report_syntax(const toml::parse_error& error);
  std::vector<Diagnostic> take();

 private:
  void read_section(Section section, const toml::table& table);
  void read_knob(const Knob& knob, const toml::key& key, const toml::node& node);
  void read_tags(const toml::table& table);
  void read_value(const Knob& knob, const toml::node& node);
  void read_list(std::string_view key, const toml::node& node, void (Reader::*one)(const toml::table&));
  void read_stage(const toml::table& table);
  void read_threshold(const toml::table& table);

  void unknown(const toml::key& key, std::string_view where, const std::vector<std::string>& known);
  void report(const toml::source_region& region, std::string message, std::string help = {});
  Place place_of(const toml::source_region& region) const;

  const std::string& name_;
  std::vector<std::string_view> lines_;
  Request& request_;
  std::vector<Diagnostic> found_;
};

std::vector<std::string> top_words() {
  std::vector<std::string> words{"name", "stage", "threshold"};
  for (const Section section : kSections) words.emplace_back(table_of(section));
  return words;
}

void Reader::read(const toml::table& document) {
  for (const auto& [key, node] : document) {
    const std::string_view word = key.str();
    if (word == "name") {
      if (const auto* text = node.as_string()) {
        request_.plan.name = text->get();
      } else {
        report(node.source(), "name: expected text in quotes");
      }
    } else if (word == "stage") {
      read_list(word, node, &Reader::read_stage);
    } else if (word == "threshold") {
      read_list(word, node, &Reader::read_threshold);
    } else if (const auto section = section_of(word)) {
      if (const auto* table = node.as_table()) {
        read_section(*section, *table);
      } else {
        report(key.source(), "\"" + std::string(word) + "\" is a section",
               "write [" + std::string(word) + "] on a line of its own");
      }
    } else {
      unknown(key, "", top_words());
    }
  }
}

void Reader::read_section(Section section, const toml::table& table) {
  for (const auto& [key, node] : table) {
    const bool tags = section == Section::kVerdict && key.str() == "tag" && node.is_table();
    if (tags) {
      read_tags(*node.as_table());
    } else if (const Knob* knob = find_knob(section, key.str())) {
      read_knob(*knob, key, node);
    } else {
      unknown(key, table_of(section), keys_of(section));
    }
  }
}

// [verdict.tag] key = "value" reads better than ["key=value"], which --tag writes.
void Reader::read_tags(const toml::table& table) {
  for (const auto& [key, node] : table) {
    const auto text = text_of(node);
    if (!text) {
      report(node.source(), "expected text in quotes");
      continue;
    }
    request_.plan.tags.insert_or_assign(std::string(key.str()), *text);
  }
}

void Reader::read_knob(const Knob& knob, const toml::key& key, const toml::node& node) {
  if (knob.flag.value.empty()) {
    const auto* on = node.as_boolean();
    if (on == nullptr) return report(node.source(), std::string(key.str()) + ": expected true or false");
    if (on->get()) knob.read(request_, "yes");
    return;
  }
  if (const auto* list = node.as_array(); list != nullptr && knob.flag.repeats) {
    for (const toml::node& one : *list) read_value(knob, one);
  } else {
    read_value(knob, node);
  }
}

void Reader::read_value(const Knob& knob, const toml::node& node) {
  const auto text = text_of(node);
  const auto& choices = knob.flag.choices;
  Wrong wrong = "a number or text in quotes";
  if (text) wrong = knob.read(request_, *text);
  if (!wrong && !choices.empty() && std::find(choices.begin(), choices.end(), *text) == choices.end()) {
    wrong = "one of";
    for (const std::string_view choice : choices) *wrong += " " + std::string(choice);
  }
  if (wrong) report(node.source(), key_of(knob) + ": expected " + *wrong);
}

void Reader::read_list(std::string_view key, const toml::node& node,
                       void (Reader::*one)(const toml::table&)) {
  const auto* list = node.as_array();
  const bool tables = list != nullptr && std::all_of(list->begin(), list->end(), [](const toml::node& entry) {
                        return entry.is_table();
                      });
  if (!tables)
    return report(node.source(), "\"" + std::string(key) + "\" is a list of tables",
                  "write [[" + std::string(key) + "]]");
  for (const toml::node& entry : *list) (this->*one)(*entry.as_table());
}

// A level of a stage: a whole number or a rate, or a share of what [load] says.
Wrong read_stage_level(std::string_view text, Level& level) {
  const auto read = read_level(text);
  if (!read) return "a number, or a share such as \"50%\"";
  level = *read;
  return {};
}

Wrong read_ramp(std::string_view text, Ramp& ramp) {
  for (const Ramp one : {Ramp::kLinear, Ramp::kStep, Ramp::kSpike}) {
    if (text != name_of(one)) continue;
    ramp = one;
    return {};
  }
  return "linear, step or spike";
}

Wrong read_stage_time(std::string_view text, milliseconds& duration) {
  const auto read = read_time(text);
  if (!read || read->count() <= 0) return "a duration such as \"30s\"";
  duration = *read;
  return {};
}

void Reader::read_stage(const toml::table& table) {
  StageRequest stage;
  stage.name = "stage " + std::to_string(request_.stages.size() + 1);
  for (const auto& [key, node] : table) {
    const std::string text = text_of(node).value_or("");
    Wrong wrong;
    if (key == "name") {
      stage.name = text;
    } else if (key == "duration") {
      wrong = read_stage_time(text, stage.duration);
    } else if (key == "clients") {
      wrong = read_stage_level(text, stage.clients);
    } else if (key == "rate") {
      wrong = read_stage_level(text, stage.rate);
    } else if (key == "ramp") {
      wrong = read_ramp(text, stage.ramp);
    } else if (key == "churn") {
      wrong = read_stage_level(text, stage.churn.emplace());
    } else if (key == "action") {
      if (text.empty()) wrong = "a command for the shell";
      stage.action = text;
    } else {
      unknown(key, "[stage]", {"name", "duration", "clients", "rate", "ramp", "churn", "action"});
    }
    if (wrong) report(node.source(), std::string(key.str()) + ": expected " + *wrong);
  }
  request_.stages.push_back(std::move(stage));
}

void Reader::read_threshold(const toml::table& table) {
  ThresholdRequest threshold;
  for (const auto& [key, node] : table) {
    const auto* text = node.as_string();
    if (key == "abort") {
      if (!node.is_boolean()) report(node.source(), "abort: expected true or false");
      threshold.abort = node.value_or(false);
    } else if (key == "after") {
      const Wrong wrong = read_stage_time(text_of(node).value_or(""), threshold.after);
      if (wrong) report(node.source(), "after: expected " + *wrong);
    } else if (key != "expr" && key != "stage") {
      unknown(key, "[threshold]", {"expr", "stage", "abort", "after"});
    } else if (text == nullptr) {
      report(node.source(), std::string(key.str()) + ": expected text in quotes");
    } else {
      (key == "expr" ? threshold.expression : threshold.stage) = text->get();
    }
  }
  if (threshold.expression.empty())
    return report(table.source(), "a threshold without expr", "write expr = \"e2e.p99<20ms\"");
  request_.thresholds.push_back(std::move(threshold));
}

void Reader::unknown(const toml::key& key, std::string_view where, const std::vector<std::string>& known) {
  const auto near = options::nearest(key.str(), known);
  report(key.source(),
         "unknown key \"" + std::string(key.str()) + "\"" +
             (where.empty() ? "" : " in [" + std::string(where) + "]"),
         near ? "did you mean \"" + *near + "\"?" : "");
}

void Reader::report_syntax(const toml::parse_error& error) {
  report(error.source(), std::string(error.description()));
}

void Reader::report(const toml::source_region& region, std::string message, std::string help) {
  found_.push_back({place_of(region), std::move(message), std::move(help)});
}

Place Reader::place_of(const toml::source_region& region) const {
  Place place{name_, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column), 1, {}};
  const auto index = static_cast<std::size_t>(region.begin.line) - 1;
  if (index < lines_.size()) place.source = std::string(lines_[index].substr(0, lines_[index].find('\r')));
  if (region.end.line == region.begin.line && region.end.column > region.begin.column)
    place.width = static_cast<int>(region.end.column - region.begin.column);
  return place;
}

std::vector<Diagnostic> Reader::take() {
  std::stable_sort(found_.begin(), found_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return a.place.line != b.place.line ? a.place.line < b.place.line : a.place.column < b.place.column;
  });
  return std::move(found_);
}

}  // namespace

std::vector<Diagnostic> read_scenario(std::string_view text, const std::string& name, Request& request) {
  Reader reader(text, name, request);
  try {
    reader.read(toml::parse(text));
  } catch (const toml::parse_error& error) {
    reader.report_syntax(error);
  }
  return reader.take();
}

cli::Outcome<void> read_scenario_file(const std::string& path, Request& request) {
  const options::FileText file = options::read_file(path);
  if (file.state != options::FileState::kRead)
    return cli::Failure{exit_code::kNoInput, "cannot read the scenario " + path, file.why};
  request.plan.name = std::filesystem::path(path).stem().string();
  const auto found = read_scenario(file.text, path, request);
  if (found.empty()) return {};
  std::string all;
  for (const Diagnostic& one : found) all += options::render(one);
  while (all.ends_with('\n')) all.pop_back();
  return cli::Failure{exit_code::kData, "the scenario " + path + " cannot be used", all};
}

}  // namespace relay::bench
