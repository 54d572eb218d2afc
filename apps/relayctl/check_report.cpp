#include "check_report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace relay::ctl {
namespace {

constexpr int kNagiosUnknown = 3;
constexpr std::array<const char*, 3> kNagiosWords{"OK", "WARNING", "CRITICAL"};
constexpr std::array<const char*, 3> kWords{"ok", "warning", "critical"};

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string bound(const std::optional<double>& value) {
  return value ? number(*value) : std::string();
}

std::string format_of(const Context& context) {
  return context.arguments.text_or("--format", "text");
}

// "RELAY READY OK - … | probe_age_ms=3;2000;5000" (Monitoring Plugins' guidelines)
std::string nagios(const Check& check, const std::string& word) {
  std::string name = check.name;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string out = "RELAY " + name + " " + word + " - " + check.message;
  for (std::size_t i = 0; i < check.values.size(); ++i) {
    const Check::Value& value = check.values[i];
    out += (i == 0 ? " | " : " ") + value.name + "=" + number(value.value) + ";" + bound(value.warn) + ";" +
           bound(value.crit);
  }
  return out + "\n";
}

std::string prometheus(const Check& check) {
  std::string out =
      "# HELP relayctl_check_health 0 ok, 1 warning, 2 critical.\n# TYPE relayctl_check_health gauge\n";
  out += "relayctl_check_health{check=\"" + check.name + "\"} " +
         std::to_string(static_cast<int>(check.health)) + "\n";
  for (const Check::Value& value : check.values) {
    const std::string name = "relayctl_check_" + value.name;
    out += "# HELP " + name + " Measured by relayctl check " + check.name + ".\n# TYPE " + name + " gauge\n";
    out += name + "{check=\"" + check.name + "\"} " + number(value.value) + "\n";
  }
  return out;
}

Json as_json(const Check& check) {
  Json values = Json::object();
  for (const Check::Value& value : check.values) values[value.name] = value.value;
  return {{"check", check.name},
          {"health", kWords[static_cast<std::size_t>(check.health)]},
          {"message", check.message},
          {"values", values}};
}

}  // namespace

std::vector<Flag> check_flags() {
  return {{"--format", "FORMAT", "for whom", Words::kChoice, {"text", "nagios", "json", "prometheus"}},
          {"--warn", "VALUE", "warning from this on"},
          {"--crit", "VALUE", "critical from this on"}};
}

std::vector<Column> check_columns() {
  return {{"check", "CHECK", Kind::kText, Show::kAlways, "its name"},
          {"health", "HEALTH", Kind::kText, Show::kAlways, "ok, warning or critical"},
          {"message", "MESSAGE", Kind::kText, Show::kAlways, "why"},
          {"values", "VALUES", Kind::kObject, Show::kNever, "what was measured, by name"}};
}

Health judged(Health health, const Check::Value& value) {
  if (value.crit && value.value >= *value.crit) return Health::kCritical;
  if (value.warn && value.value >= *value.warn) return std::max(health, Health::kWarning);
  return health;
}

int report(const Context& context, const Check& check) {
  const std::string format = format_of(context);
  const bool good = check.health != Health::kCritical;
  Outcome<void> printed;
  if (format == "nagios") {
    printed = context.output.text(nagios(check, kNagiosWords[static_cast<std::size_t>(check.health)]));
    return printed ? static_cast<int>(check.health) : context.fail(printed.error());
  }
  if (format == "prometheus") {
    printed = context.output.text(prometheus(check));
  } else if (format == "json") {
    printed = context.output.text(as_json(check).dump(2) + "\n");
  } else if (context.output.for_people()) {
    printed = context.output.text(std::string(kWords[static_cast<std::size_t>(check.health)]) + ": " +
                                  check.message + "\n");
  } else {
    printed = context.output.record(context.columns(), as_json(check));
  }
  if (!printed) return context.fail(printed.error());
  return good ? exit_code::kOk : exit_code::kNo;
}

int report_unknown(const Context& context, const std::string& name, const Failure& failure) {
  if (format_of(context) != "nagios") return context.fail(failure);
  const auto printed = context.output.text(nagios({name, Health::kCritical, failure.what}, "UNKNOWN"));
  return printed ? kNagiosUnknown : context.fail(printed.error());
}

}  // namespace relay::ctl
