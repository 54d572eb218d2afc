#include "metrics/table.hpp"

#include <map>
#include <regex>
#include <set>
#include <string>

#include "support/catch.hpp"

using namespace relay::metrics;

namespace {

// Family names with the labels below them; checks that rows of a name stand together and agree.
class Names {
 public:
  void add(std::string_view name, std::string_view label, std::string_view value, std::string_view help) {
    INFO(name);
    CHECK(std::regex_match(std::string(name), std::regex("[a-z][a-z0-9_]*")));
    CHECK(help.size() > 10);
    CHECK(help.back() == '.');
    CHECK(label.empty() == value.empty());
    CHECK(pairs_.emplace(name, value).second);
    if (name != last_) CHECK(families_.emplace(name, help).second);
    CHECK(families_.at(std::string(name)) == help);
    last_ = name;
  }

 private:
  std::set<std::pair<std::string, std::string>> pairs_;
  std::map<std::string, std::string> families_;
  std::string last_;
};

}  // namespace

TEST_CASE("names are unique, well formed and helped") {
  Names names;
  for (const auto& row : kCounterRows) names.add(row.name, row.label, row.label_value, row.help);
  for (const auto& row : kGaugeRows) names.add(row.name, row.label, row.label_value, row.help);
  for (const auto& row : kHistogramRows) names.add(row.name, "", "", row.help);
  for (const auto& row : kSampleRows) names.add(row.name, "", "", row.help);
  for (const auto& row : kSeriesRows) names.add(row.name, "", "", row.help);
  for (const auto& row : kAliasRows) names.add(row.name, "", "", row.help);
}

TEST_CASE("no label names a channel or a client") {
  for (const auto& row : kCounterRows) CHECK((row.label != "channel" && row.label != "client"));
  for (const auto& row : kGaugeRows) CHECK((row.label != "channel" && row.label != "client"));
}

TEST_CASE("row i describes enumerator i") {
  for (std::size_t i = 0; i < kCounters; ++i) CHECK(static_cast<std::size_t>(kCounterRows[i].counter) == i);
  for (std::size_t i = 0; i < kGauges; ++i) CHECK(static_cast<std::size_t>(kGaugeRows[i].gauge) == i);
  for (std::size_t i = 0; i < kHistograms; ++i)
    CHECK(static_cast<std::size_t>(kHistogramRows[i].histogram) == i);
  for (std::size_t i = 0; i < kSamples; ++i) CHECK(static_cast<std::size_t>(kSampleRows[i].sample) == i);
  for (std::size_t i = 0; i < kSeries; ++i) CHECK(static_cast<std::size_t>(kSeriesRows[i].series) == i);
}

TEST_CASE("buckets ascend") {
  for (const auto& row : kHistogramRows) {
    INFO(row.name);
    for (std::size_t i = 1; i < row.buckets.count; ++i)
      CHECK(row.buckets.first[i - 1] < row.buckets.first[i]);
  }
}
