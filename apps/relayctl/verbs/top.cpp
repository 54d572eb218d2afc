#include "verbs/top.hpp"

#include <algorithm>

#include "cli/interrupt.hpp"
#include "context.hpp"
#include "screen.hpp"
#include "top_view.hpp"

namespace relay::ctl {
namespace {

constexpr std::size_t kBatchColumns = 120;
constexpr std::size_t kBatchRows = 40;
constexpr std::size_t kMostRows = 1000;  // of a table: a screen has no more

// Channels come with totals; their rates are what changed between two looks.
void add_rates(TopData& now, const TopData& before, double seconds) {
  const auto index = static_cast<std::size_t>(Tab::kChannels);
  std::map<std::string, std::int64_t> then;
  for (const Json& row : before.tables[index])
    then[row.value("channel", "")] = row.value("messages", std::int64_t{0});
  for (Json& row : now.tables[index]) {
    const auto found = then.find(row.value("channel", ""));
    const std::int64_t count =
        found == then.end() ? 0 : row.value("messages", std::int64_t{0}) - found->second;
    const double rate = seconds > 0 ? static_cast<double>(std::max<std::int64_t>(0, count)) / seconds : 0;
    row["per_second"] = rate;
    row["delivered_per_second"] = rate * row.value("subscribers", 0.0);
  }
}

Outcome<std::vector<Json>> first_page(Live& live, const std::string& path, const std::string& key) {
  const auto page = live.get(path + "?limit=" + std::to_string(kMostRows));
  if (!page) return page.error();
  const Json list = page->value(key, Json::array());
  return std::vector<Json>(list.begin(), list.end());
}

Outcome<TopData> look(Live& live) {
  TopData data;
  const auto status = live.get("/admin/v1/status");
  if (!status) return status.error();
  data.status = *status;
  for (std::size_t i = 0; i < kTabs; ++i) {
    const std::string name(name_of(static_cast<Tab>(i)));
    auto rows = first_page(live, "/admin/v1/" + name, name);
    if (!rows) return rows.error();
    data.tables[i] = std::move(*rows);
  }
  return data;
}

// What a look came to, and the one before it.
class Looks {
 public:
  explicit Looks(Live& live) : live_(live) {}
  // A look that fails leaves the last data and says why; the first one must not fail.
  Outcome<void> take() {
    const auto at = std::chrono::steady_clock::now();
    auto fresh = look(live_);
    if (!fresh) {
      if (now_.status.empty()) return fresh.error();
      now_.trouble = fresh.error().what;
      return {};
    }
    add_rates(*fresh, now_, std::chrono::duration<double>(at - at_).count());
    before_ = std::move(now_);
    now_ = std::move(*fresh);
    at_ = at;
    return {};
  }
  const TopData& now() const { return now_; }
  const TopData& before() const { return before_; }

 private:
  Live& live_;
  TopData now_;
  TopData before_;
  std::chrono::steady_clock::time_point at_ = std::chrono::steady_clock::now();
};

int run_batch(Context& context, Looks& looks, const TopView& view, Milliseconds interval,
              std::int64_t frames) {
  catch_interrupts();
  if (const auto first = looks.take(); !first) return context.fail(first.error());
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    if (!pause_for(interval)) return exit_code::kInterrupted;
    if (const auto taken = looks.take(); !taken) return context.fail(taken.error());
    std::string out;
    if (context.output.for_people()) {
      for (const std::string& line :
           top_lines(looks.now(), looks.before(), view, kBatchColumns, kBatchRows, true))
        out += line + "\n";
      out += "\n";
    } else {
      Json document = {{"status", looks.now().status}};
      document[std::string(name_of(view.tab))] = arranged(looks.now(), looks.before(), view);
      out = document.dump() + "\n";
    }
    if (const auto printed = context.output.text(out); !printed) return context.fail(printed.error());
  }
  return exit_code::kOk;
}

int run_screen(Context& context, Looks& looks, TopView view, Milliseconds interval) {
  if (const auto first = looks.take(); !first) return context.fail(first.error());
  auto screen = Screen::open();
  if (!screen) return context.fail(screen.error());
  auto due = std::chrono::steady_clock::now() + interval;
  while (!interrupted()) {
    (*screen)->draw(
        top_lines(looks.now(), looks.before(), view, (*screen)->columns(), (*screen)->rows(), false));
    const auto left = std::chrono::ceil<Milliseconds>(due - std::chrono::steady_clock::now());
    const auto key = (*screen)->key(std::clamp(left, Milliseconds(0), interval));
    if (key && !press(view, *key, arranged(looks.now(), looks.before(), view).size())) return exit_code::kOk;
    if (std::chrono::steady_clock::now() < due) continue;
    if (!view.paused) (void)looks.take();  // trouble is shown in the first line
    due = std::chrono::steady_clock::now() + interval;
  }
  return exit_code::kInterrupted;
}

Outcome<TopView> view_of(const Arguments& arguments) {
  TopView view;
  const std::string tab = arguments.text_or("--tab", "channels");
  for (std::size_t i = 0; i < kTabs; ++i) {
    if (tab == name_of(static_cast<Tab>(i))) view.tab = static_cast<Tab>(i);
  }
  view.sort_by = arguments.text_or("--sort", "");
  const auto columns = columns_of(view.tab);
  const bool known =
      view.sort_by.empty() ||
      std::any_of(columns.begin(), columns.end(), [&](const Column& c) { return c.key == view.sort_by; });
  if (known) return view;
  std::string keys;
  for (const Column& column : columns) keys += (keys.empty() ? "" : ", ") + std::string(column.key);
  return usage("there is no column \"" + view.sort_by + "\" in " + tab, "columns: " + keys);
}

}  // namespace

Form top_form() {
  return {
      .flags = {{"--interval", "TIME", "between two looks (1s)"},
                {"--tab", "TAB", "the first one shown", Words::kChoice, {"instances", "channels", "clients"}},
                {"--sort", "KEY", "column to sort by"},
                {"--batch", "", "print plain frames, for scripts; with -o json an object a line"},
                {"-n,--frames", "N", "with --batch: so many (1)"}},
      .text =
          "Keys: 1 2 3 tabs, / filter, s sort, r reverse, space pause, arrows and enter for all of a row, d "
          "changes,\n"
          "? help, q leave. It draws what has changed alone, and leaves the terminal as it was.\n",
      .examples = {{"relayctl top", "what is going on"},
                   {"relayctl top --batch -n 3 --tab clients", "three plain frames"}}};
}

int top(Context& context) {
  const auto interval = context.arguments.duration("--interval", Milliseconds(1000));
  if (!interval) return context.fail(interval.error());
  if (interval->count() < 100) return context.fail(usage("--interval is at least 100ms"));
  const auto frames = context.arguments.count("--frames", 1, 1, 1'000'000);
  if (!frames) return context.fail(frames.error());
  const auto view = view_of(context.arguments);
  if (!view) return context.fail(view.error());
  const auto live = context.live();
  if (!live) return context.fail(live.error());
  Looks looks(**live);
  if (context.arguments.has("--batch")) return run_batch(context, looks, *view, *interval, *frames);
  return run_screen(context, looks, *view, *interval);
}

}  // namespace relay::ctl
