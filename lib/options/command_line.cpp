#include "options/command_line.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <map>

#include "options/redis_url.hpp"

#ifndef RELAY_VERSION
#error "lib/options/CMakeLists.txt defines RELAY_VERSION"
#endif

namespace relay::options {
namespace {

constexpr std::array<Flag, 13> kFlags{{
    {"--config", "FILE", "", "settings (/etc/relayd/relayd.toml)"},
    {"--listen", "ADDRESS", "listen", "public HOST:PORT, repeatable (127.0.0.1:8081)"},
    {"--storage", "KIND", "storage", "memory or redis (memory)"},
    {"--redis-url", "URL", "redis.url", "redis://, rediss:// or unix:// (implies redis)"},
    {"--operator-listen", "ADDRESS", "operator.listen", "health and metrics (127.0.0.1:9103)"},
    {"--admin-socket", "PATH", "admin.socket", "Unix socket for relayctl"},
    {"--log-level", "LEVEL", "log.level", "debug, info, warning or error (info)"},
    {"--set", "KEY=VALUE", "", "set any option of relayd.toml(5), repeatable"},
    {"--check", "[=full]", "", "tell whether the configuration is right"},
    {"--print-config", "[=origin]", "", "print the values in effect"},
    {"--print-default-config", "", "", "print a commented sample file"},
    {"--version", "", "", "print the version"},
    {"--help", "", "", "print this (-h)"},
}};

constexpr std::string_view kHelpHead =
    R"(relayd - carries messages over Server-Sent Events and WebSocket

Examples:
  relayd                                    memory, 127.0.0.1:8081
  relayd --redis-url redis://10.0.0.5:6379  with Redis, any number of instances
  relayd --listen :8081 --log-level debug   every address of the machine
  relayd --set sse.heartbeat=10s --check    is this configuration right?

Flags:
)";

constexpr std::string_view kHelpTail = R"(
Later wins: defaults, file, drop-ins, environment (RELAYD_REDIS__URL), flags.
Files: /etc/relayd/relayd.toml, /etc/relayd/relayd.toml.d/*.toml
Signals: HUP reload, TERM drain and exit (twice: now), USR1 reopen the log.
More: man relayd, man relayd.toml
)";

Place place_of(std::string_view flag) {
  return {"flag " + std::string(flag), 0, 0, 1, {}};
}

void usage_error(Layer& layer, std::string message, std::string help) {
  layer.errors.push_back({{"relayd", 0, 0, 1, {}}, std::move(message), std::move(help)});
}

std::string help_for_unknown(const std::string& flag) {
  const std::string name = flag.substr(0, flag.find('='));
  if (find_key(name.substr(std::min(name.find_first_not_of('-'), name.size())))) {
    return "write --set " + name.substr(name.find_first_not_of('-')) + "=VALUE";
  }
  std::vector<std::string> known;
  for (const Flag& candidate : kFlags) known.emplace_back(candidate.name);
  const auto near = nearest(name, known);
  return near ? "did you mean " + *near + "?" : "relayd --help lists the flags";
}

// What the parser did not know: every flag is named; words that stand behind one of them are its values.
void report_extras(Layer& layer, const std::vector<std::string>& extras) {
  bool after_flag = false;
  for (const std::string& extra : extras) {
    const bool is_flag = extra.size() > 1 && extra.front() == '-';
    if (is_flag) {
      usage_error(layer, "unknown flag " + extra.substr(0, extra.find('=')), help_for_unknown(extra));
    } else if (!after_flag) {
      usage_error(layer, "unexpected argument \"" + extra + "\"", "relayd --help lists the flags");
    }
    after_flag = is_flag && extra.find('=') == extra.npos;
  }
}

bool holds_password(const Row& row, const Value& value) {
  if (row.secrecy == Secrecy::kSecret) return true;
  if (row.secrecy != Secrecy::kUrl) return false;
  const auto url = parse_redis_url(std::get<std::string>(value));
  return url && !url->password.empty();
}

void add(Layer& layer, const KeyMatch& match, const std::string& flag, Result<Value> value) {
  if (!value) {
    layer.errors.push_back({place_of(flag), value.error().message, {}});
    return;
  }
  if (!match.from_file && holds_password(*match.row, *value)) {
    layer.warnings.push_back(
        flag + " shows a password to everyone who can list processes; use redis.password_file, " +
        "another KEY_file, or the environment");
  }
  layer.settings.push_back({match, std::move(*value), place_of(flag)});
}

void read_set(Layer& layer, const std::string& text) {
  const auto equals = text.find('=');
  const std::string key = text.substr(0, equals);
  if (equals == text.npos) {
    layer.errors.push_back({place_of("--set"), "\"" + text + "\" has no value", "write --set KEY=VALUE"});
    return;
  }
  const auto match = find_key(key);
  if (!match) {
    const auto near = nearest(key, all_keys());
    Diagnostic unknown = unknown_key(place_of("--set"), key);
    if (near) unknown.help = "did you mean \"" + *near + "\"?";
    layer.errors.push_back(std::move(unknown));
    return;
  }
  const std::string value = text.substr(equals + 1);
  add(layer, *match, "--set " + key,
      match->from_file ? Result<Value>(Value(value)) : parse_value(*match->row, value));
}

// Everything the parser fills in, by flag.
struct Parsed {
  std::map<std::string_view, std::string> texts;
  std::vector<std::string> listen;
  std::vector<std::string> sets;
  std::string check;
  std::string print_config;
  bool print_default_config = false;
  bool version = false;
  bool help = false;
};

void define_flags(CLI::App& app, Parsed& parsed) {
  app.set_help_flag("");
  app.allow_extras();
  for (const Flag& flag : kFlags) {
    if (flag.key.empty() || flag.key == "listen") continue;
    app.add_option(std::string(flag.name), parsed.texts[flag.name])->take_last();
  }
  app.add_option("--config", parsed.texts["--config"])->take_last();
  app.add_option("--listen", parsed.listen)->allow_extra_args(false)->take_all();
  app.add_option("--set", parsed.sets)->allow_extra_args(false)->take_all();
  app.add_flag("--check{plain}", parsed.check)->take_last();
  app.add_flag("--print-config{plain}", parsed.print_config)->take_last();
  app.add_flag("--print-default-config", parsed.print_default_config);
  app.add_flag("--version", parsed.version);
  app.add_flag("-h,--help", parsed.help);
}

// One of two actions by what stands after the flag's "=".
Action either(CommandLine& line, const std::string& flag, const std::string& word, std::string_view second,
              Action plain, Action other) {
  if (word == "plain") return plain;
  if (word == second) return other;
  line.layer.errors.push_back({place_of(flag), "\"" + word + "\" is not known here",
                               "write " + flag + " or " + flag + "=" + std::string(second)});
  return plain;
}

Action choose_action(CommandLine& line, const Parsed& parsed) {
  if (parsed.help) return Action::kHelp;
  if (parsed.version) return Action::kVersion;
  if (parsed.print_default_config) return Action::kPrintDefaultConfig;
  if (!parsed.print_config.empty()) {
    return either(line, "--print-config", parsed.print_config, "origin", Action::kPrintConfig,
                  Action::kPrintConfigOrigin);
  }
  if (parsed.check.empty()) return Action::kRun;
  return either(line, "--check", parsed.check, "full", Action::kCheck, Action::kCheckFull);
}

void read_values(CommandLine& line, const CLI::App& app, const Parsed& parsed) {
  if (app.count("--config") > 0) line.config = parsed.texts.at("--config");
  // Dedicated flags stand above --set, whatever their order.
  for (const std::string& text : parsed.sets) read_set(line.layer, text);
  for (const Flag& flag : kFlags) {
    if (flag.key.empty() || app.count(std::string(flag.name)) == 0) continue;
    const KeyMatch match = *find_key(flag.key);
    if (flag.key != "listen") {
      add(line.layer, match, std::string(flag.name), parse_value(*match.row, parsed.texts.at(flag.name)));
      continue;
    }
    List addresses;
    for (const std::string& text : parsed.listen) {
      for (std::string& address : parse_list(text)) addresses.push_back(std::move(address));
    }
    const std::string why = check_value(*match.row, addresses);
    add(line.layer, match, "--listen",
        why.empty() ? Result<Value>(Value(addresses)) : make_error(ErrorKind::kInvalid, "bad_value", why));
  }
}

}  // namespace

CommandLine read_command_line(int argc, const char* const* argv) {
  CommandLine line;
  Parsed parsed;
  CLI::App app;
  define_flags(app, parsed);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    usage_error(line.layer, error.what(), "relayd --help lists the flags");
    return line;
  }
  report_extras(line.layer, app.remaining());
  read_values(line, app, parsed);
  line.action = choose_action(line, parsed);
  return line;
}

std::span<const Flag> flags() {
  return kFlags;
}

std::string help_text() {
  std::string out(kHelpHead);
  for (const Flag& flag : kFlags) {
    const bool joined = flag.value.empty() || flag.value.front() == '[';
    std::string left = "  " + std::string(flag.name) + (joined ? "" : " ") + std::string(flag.value);
    left.resize(std::max<std::size_t>(left.size() + 2, 29), ' ');
    out += left + std::string(flag.help) + "\n";
  }
  return out + std::string(kHelpTail);
}

std::string version_text() {
  return "relayd " RELAY_VERSION "\n";
}

}  // namespace relay::options
