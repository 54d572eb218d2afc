#include "top_view.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/bytes.hpp"
#include "cli/human.hpp"
#include "cli/render.hpp"
#include "cli/terminal.hpp"
#include "screen.hpp"

namespace relay::ctl {
namespace {

constexpr std::array<Column, 8> kInstanceColumns{{{"instance", "INSTANCE"},
                                                  {"state", "STATE"},
                                                  {"silent_ms", "LAST SEEN", Kind::kDuration},
                                                  {"clients", "CLIENTS", Kind::kNumber},
                                                  {"published_per_second", "IN", Kind::kRate},
                                                  {"delivered_per_second", "OUT", Kind::kRate},
                                                  {"loops", "LOOPS", Kind::kNumber},
                                                  {"version", "VERSION"}}};
constexpr std::array<Column, 6> kChannelColumns{{{"channel", "CHANNEL"},
                                                 {"subscribers", "SUBSCRIBERS", Kind::kNumber},
                                                 {"per_second", "RATE", Kind::kRate},
                                                 {"delivered_per_second", "OUT", Kind::kRate},
                                                 {"messages", "MESSAGES", Kind::kNumber},
                                                 {"last_time", "LAST", Kind::kAgo}}};
constexpr std::array<Column, 7> kClientColumns{{{"client", "CLIENT"},
                                                {"transport", "TRANSPORT"},
                                                {"address", "ADDRESS"},
                                                {"age_ms", "AGE", Kind::kDuration},
                                                {"channels", "CHANNELS", Kind::kNumber},
                                                {"queued_bytes", "QUEUED", Kind::kBytes},
                                                {"slow", "SLOW", Kind::kBool}}};

constexpr std::array<std::string_view, 13> kHelp{
    "1 2 3      instances, channels, clients",
    "/          only rows with these letters; Esc takes it back",
    "s          sort by the next column",
    "r          the other way round",
    "space      pause",
    "up down    select a row",
    "enter      all of the row; again: back",
    "d          numbers as changes since the look before",
    "?          this",
    "q          leave",
    "",
    "RATE is messages a second on a channel, OUT that times its subscribers.",
    "Any key goes back."};

double real(const Json& json, std::string_view key) {
  const auto found = json.find(std::string(key));
  return found != json.end() && found->is_number() ? found->get<double>() : 0;
}

std::string word(const Json& json, std::string_view key) {
  const auto found = json.find(std::string(key));
  return found == json.end() ? std::string() : bare(*found);
}

std::vector<double> history(const Json& status, const char* key) {
  std::vector<double> values;
  for (const Json& value : status.value(key, Json::array())) values.push_back(value.get<double>());
  return values;
}

bool has_letters(const Json& row, const std::string& filter) {
  for (const auto& [key, value] : row.items()) {
    if (to_lower(bare(value)).find(to_lower(filter)) != std::string::npos) return true;
  }
  return false;
}

// Without a column chosen: what there is most of, first.
std::string sort_key(const TopView& view) {
  if (!view.sort_by.empty()) return view.sort_by;
  switch (view.tab) {
    case Tab::kInstances:
      return "clients";
    case Tab::kChannels:
      return "delivered_per_second";
    case Tab::kClients:
      return "queued_bytes";
  }
  return {};
}

bool above(const Json& a, const Json& b, const std::string& key) {
  const bool numbers = a.contains(key) && b.contains(key) && a[key].is_number() && b[key].is_number();
  return numbers ? real(a, key) > real(b, key) : word(a, key) < word(b, key);
}

void subtract(Json& row, const Json& before, std::span<const Column> columns) {
  for (const Column& column : columns) {
    const std::string key(column.key);
    if (column.kind == Kind::kNumber && row.contains(key) && row[key].is_number()) {
      row[key] = static_cast<std::int64_t>(real(row, key) - real(before, key));
    }
  }
}

std::string clients_words(const Json& status) {
  return "clients " + grouped(static_cast<std::int64_t>(real(status, "clients"))) + " (sse " +
         grouped(static_cast<std::int64_t>(real(status, "sse"))) + ", ws " +
         grouped(static_cast<std::int64_t>(real(status, "websocket"))) + ")";
}

std::string storage_words(const Json& status) {
  std::string out = "storage " + word(status, "storage");
  for (const Json& node : status.value("nodes", Json::array())) {
    out += "  " + word(node, "node") + (node.value("up", false) ? " up" : " DOWN");
    if (real(node, "probe_age_ms") > 0)
      out += ", proven " + human_duration(static_cast<std::int64_t>(real(node, "probe_age_ms"))) + " ago";
  }
  return out;
}

std::vector<std::string> header_lines(const TopData& data, std::size_t columns) {
  const Json& status = data.status;
  const std::size_t bars = columns > 100 ? 30 : columns > 70 ? 16 : 0;
  std::vector<std::string> lines;
  lines.push_back("relayd " + word(status, "version") + " on " + word(status, "instance") + "   " +
                  word(status, "state") + ", up " +
                  human_duration(static_cast<std::int64_t>(real(status, "uptime_ms"))) +
                  (data.trouble.empty() ? "" : "   ! " + data.trouble));
  lines.push_back(clients_words(status) + "   " + storage_words(status));
  lines.push_back("in " + human_rate(real(status, "published_per_second")) + " " +
                  sparkline(history(status, "published_history"), bars) + "   out " +
                  human_rate(real(status, "delivered_per_second")) + " " +
                  sparkline(history(status, "delivered_history"), bars) + "   p99 " +
                  std::to_string(std::llround(real(status, "delivery_p99_ms"))) + " ms");
  return lines;
}

std::string tabs_line(const TopView& view) {
  std::string out;
  for (std::size_t i = 0; i < kTabs; ++i) {
    const std::string name = std::to_string(i + 1) + " " + std::string(name_of(static_cast<Tab>(i)));
    out += static_cast<Tab>(i) == view.tab ? "[" + name + "] " : " " + name + "  ";
  }
  out += "  by " + sort_key(view) + (view.reverse ? ", reversed" : "");
  if (view.typing || !view.filter.empty()) out += "   /" + view.filter + (view.typing ? "_" : "");
  if (view.deltas) out += "   changes";
  if (view.paused) out += "   PAUSED";
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, '\n')) lines.emplace_back(line);
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

// Headings and as many rows as fit, around the selected one.
std::vector<std::string> table_lines(const std::vector<Json>& rows, const TopView& view, std::size_t columns,
                                     std::size_t room, bool plain) {
  const std::size_t fit = room > 1 ? room - 1 : 0;
  const std::size_t selected = rows.empty() ? 0 : std::min(view.selected, rows.size() - 1);
  const std::size_t first = selected < fit ? 0 : selected - fit + 1;
  const std::size_t count = std::min(fit, rows.size() - std::min(first, rows.size()));
  std::vector<std::string> lines = lines_of(
      render_table(columns_of(view.tab), std::span(rows).subspan(std::min(first, rows.size()), count),
                   {true, false, columns}));
  if (plain) return lines;
  if (!lines.empty()) lines[0] = painted(lines[0], Ink::kBold, true);
  if (!rows.empty() && selected - first + 1 < lines.size()) {
    std::string& line = lines[selected - first + 1];
    line = "\x1b[7m" + line + "\x1b[0m";
  }
  return lines;
}

void type_filter(TopView& view, int key) {
  if (key == kKeyEnter) {
    view.typing = false;
  } else if (key == kKeyEscape) {
    view.typing = false;
    view.filter.clear();
  } else if (key == kKeyBackspace || key == '\b') {
    if (!view.filter.empty()) view.filter.pop_back();
  } else if (key >= ' ' && key < 256 && view.filter.size() < 64) {
    view.filter += static_cast<char>(key);
  }
  view.selected = 0;
}

void next_column(TopView& view) {
  const auto columns = columns_of(view.tab);
  const std::string now = sort_key(view);
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.key == now; });
  const std::size_t next =
      found == columns.end() ? 0 : static_cast<std::size_t>(found - columns.begin() + 1) % columns.size();
  view.sort_by = columns[next].key;
}

}  // namespace

std::span<const Column> columns_of(Tab tab) {
  switch (tab) {
    case Tab::kInstances:
      return kInstanceColumns;
    case Tab::kChannels:
      return kChannelColumns;
    case Tab::kClients:
      return kClientColumns;
  }
  return {};
}

std::string_view name_of(Tab tab) {
  constexpr std::array<std::string_view, kTabs> kNames{"instances", "channels", "clients"};
  return kNames[static_cast<std::size_t>(tab)];
}

std::vector<Json> arranged(const TopData& data, const TopData& before, const TopView& view) {
  const auto columns = columns_of(view.tab);
  const auto index = static_cast<std::size_t>(view.tab);
  std::vector<Json> rows = data.tables[index];
  if (!view.filter.empty())
    std::erase_if(rows, [&](const Json& row) { return !has_letters(row, view.filter); });
  if (view.deltas) {
    std::map<std::string, const Json*> then;
    for (const Json& row : before.tables[index]) then[word(row, columns[0].key)] = &row;
    for (Json& row : rows) {
      const auto found = then.find(word(row, columns[0].key));
      subtract(row, found == then.end() ? Json::object() : *found->second, columns);
    }
  }
  const std::string key = sort_key(view);
  std::stable_sort(rows.begin(), rows.end(), [&](const Json& a, const Json& b) {
    return view.reverse ? above(b, a, key) : above(a, b, key);
  });
  return rows;
}

std::string sparkline(const std::vector<double>& values, std::size_t width) {
  constexpr std::array<const char*, 8> kBars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.empty() || width == 0) return {};
  const std::size_t first = values.size() > width ? values.size() - width : 0;
  const double most = *std::max_element(values.begin() + static_cast<std::ptrdiff_t>(first), values.end());
  std::string out;
  for (std::size_t i = first; i < values.size(); ++i) {
    const double part = most > 0 ? values[i] / most : 0;
    out += kBars[std::min<std::size_t>(7, static_cast<std::size_t>(part * 7.999))];
  }
  return out;
}

std::vector<std::string> top_lines(const TopData& data, const TopData& before, const TopView& view,
                                   std::size_t columns, std::size_t rows, bool plain) {
  std::vector<std::string> lines;
  for (const std::string& line : header_lines(data, columns)) lines.push_back(cut(line, columns));
  if (!plain) lines[0] = painted(lines[0], Ink::kBold, true);
  lines.emplace_back();
  if (view.help) {
    for (const std::string_view line : kHelp) lines.push_back(cut(line, columns));
  } else {
    lines.push_back(cut(tabs_line(view), columns));
    const std::vector<Json> table = arranged(data, before, view);
    const std::size_t room = rows > lines.size() + 1 ? rows - lines.size() - 1 : 0;
    if (view.detail && !table.empty()) {
      for (const std::string& line : lines_of(render_yaml(table[std::min(view.selected, table.size() - 1)])))
        lines.push_back(cut(printable(line), columns));
    } else {
      for (std::string& line : table_lines(table, view, columns, room, plain))
        lines.push_back(std::move(line));
    }
  }
  if (!plain) {
    lines.resize(rows > 0 ? rows - 1 : 0);
    lines.push_back(painted(cut("1 2 3 tabs   / filter   s sort   r reverse   space pause   enter detail   d "
                                "changes   ? help   q leave",
                                columns),
                            Ink::kDim, true));
  }
  return lines;
}

bool press(TopView& view, int key, std::size_t row_count) {
  if (view.typing) return type_filter(view, key), true;
  if (view.help) return view.help = false, true;
  switch (key) {
    case 'q':
      return false;
    case '1':
    case '2':
    case '3':
      view.tab = static_cast<Tab>(key - '1');
      view.sort_by.clear();
      view.selected = 0;
      view.detail = false;
      break;
    case '/':
      view.typing = true;
      break;
    case 's':
      next_column(view);
      break;
    case 'r':
      view.reverse = !view.reverse;
      break;
    case ' ':
      view.paused = !view.paused;
      break;
    case 'd':
      view.deltas = !view.deltas;
      break;
    case '?':
      view.help = true;
      break;
    case kKeyEnter:
      view.detail = !view.detail;
      break;
    case kKeyEscape:
      view.detail = false;
      view.filter.clear();
      break;
    case 'k':
    case kKeyUp:
      view.selected -= view.selected > 0 ? 1 : 0;
      break;
    case 'j':
    case kKeyDown:
      view.selected += view.selected + 1 < row_count ? 1 : 0;
      break;
    case kKeyPageUp:
      view.selected -= std::min<std::size_t>(view.selected, 10);
      break;
    case kKeyPageDown:
      view.selected = std::min(view.selected + 10, row_count > 0 ? row_count - 1 : 0);
      break;
    default:
      break;
  }
  return true;
}

}  // namespace relay::ctl
