// What `top` shows: data of one look, how somebody wants to see it, and the lines that come of both. Pure;
// any thread.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "cli/column.hpp"
#include "cli/output.hpp"
#include "vocabulary.hpp"

namespace relay::ctl {

enum class Tab { kInstances, kChannels, kClients };
inline constexpr std::size_t kTabs = 3;

struct TopData {
  Json status = Json::object();
  std::vector<Json> tables[kTabs];
  std::string trouble;  // why this look failed; the data is that of the last good one
};

// What the keys change.
struct TopView {
  Tab tab = Tab::kChannels;
  std::string sort_by;  // a key of the tab's columns; empty: the tab's own order
  bool reverse = false;
  bool deltas = false;  // numbers as their change since the look before
  bool paused = false;
  bool help = false;
  bool detail = false;  // the selected row, all of it
  bool typing = false;  // the filter
  std::string filter;
  std::size_t selected = 0;
};

std::span<const Column> columns_of(Tab tab);
std::string_view name_of(Tab tab);

// The rows of a tab as they are shown: filtered, sorted, as changes since `before` if so wanted.
std::vector<Json> arranged(const TopData& data, const TopData& before, const TopView& view);

// Eight heights of a bar each, scaled to the greatest.
std::string sparkline(const std::vector<double>& values, std::size_t width);

// At most `rows` lines of at most `columns`; without colour and selection when `plain`.
std::vector<std::string> top_lines(const TopData& data, const TopData& before, const TopView& view,
                                   std::size_t columns, std::size_t rows, bool plain);

// One key of the terminal. False: leave.
bool press(TopView& view, int key, std::size_t row_count);

}  // namespace relay::ctl
