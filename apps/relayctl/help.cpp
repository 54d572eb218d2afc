#include "help.hpp"

#include <algorithm>
#include <array>

#include "command_line.hpp"
#include "terminal.hpp"
#include "verbs.hpp"

namespace relay::ctl {
namespace {

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  out.resize(std::max(width, out.size() + 2), ' ');
  return out;
}

std::string flag_words(const Flag& flag) {
  const auto comma = flag.name.find(',');
  std::string words = comma == flag.name.npos ? std::string(flag.name)
                                              : std::string(flag.name.substr(0, comma)) + ", " +
                                                    std::string(flag.name.substr(comma + 1));
  if (flag.value.empty()) return words;
  return words + (flag.value.starts_with('[') ? "" : " ") + std::string(flag.value);
}

std::string flag_lines(const std::vector<Flag>& flags) {
  std::string out;
  for (const Flag& flag : flags) {
    out += "  " + padded(flag_words(flag), 26) + std::string(flag.help);
    if (!flag.choices.empty() && flag.help.find(flag.choices.front()) == flag.help.npos) {
      for (std::size_t i = 0; i < flag.choices.size(); ++i)
        out += (i == 0 ? ": " : ", ") + std::string(flag.choices[i]);
    }
    out += "\n";
  }
  return out;
}

std::string example_lines(const std::vector<Example>& examples) {
  std::string out;
  for (const Example& example : examples)
    out += "  " + padded(example.command, 48) + std::string(example.does) + "\n";
  return out;
}

std::string_view plane_words(Plane plane) {
  switch (plane) {
    case Plane::kLocal:
      return "local: needs neither relayd nor Redis";
    case Plane::kLive:
      return "live: asks a running relayd";
    case Plane::kStored:
      return "stored: works on Redis, with no relayd needed";
    case Plane::kBoth:
      return "live and stored: asks a running relayd if there is one, else Redis";
  }
  return {};
}

std::string verb_line(const Verb& verb) {
  return "  " + padded(verb.path, 20) + std::string(verb.help) + "\n";
}

constexpr std::string_view kHead =
    R"(relayctl - looks after relayd

Examples:
  relayctl status                             how is it?
  relayctl top                                what is going on, live
  relayctl tail news -n 20                    the last messages of a channel, and the next ones
  relayctl channels list --sort-by -subscribers --limit 10
  relayctl check ready --format nagios        for a monitor

)";

constexpr std::array<Topic, 6> kTopics{{
    {"exit-codes", "what the exit status says",
     R"(0    it is so, or it is done
1    the answer is no: not healthy, not found, differs
64   the command line is wrong
65   the data given is wrong
66   a file is not there
69   relayd or the store cannot be reached
70   a fault of relayctl or relayd
71   the system refused
74   reading or writing failed
75   not in time; try again
76   the other side speaks otherwise
77   not allowed
78   the configuration is wrong
130  interrupted
With --format nagios, check answers 0, 1, 2 and 3 as monitors want it.
)"},
    {"output", "formats, columns, filters",
     R"(-o table is for people: ages, sizes and counts are human, and what does not fit the
terminal is cut with "…". Everything else is exact: bytes, milliseconds, times in
RFC 3339 (UTC), and keys that do not change. relayctl(1) lists the keys.
  -o wide          more columns            -o json     one document
  -o jsonl         one object a line       -o yaml     the same as YAML
  -o csv           with a heading line     -o name     names alone
  -o 'template={channel} {subscribers}\t{{'            fields in braces
--columns a,b picks columns, --sort-by -subscribers orders, --filter KEY=VALUE,
KEY!=VALUE and KEY~PATTERN keep rows, --limit N cuts, --no-headers drops headings,
-w looks again and again. Colours: only on a terminal, unless NO_COLOR is set;
--color=always insists.
)"},
    {"targets", "which relayd and which Redis",
     R"(Live verbs ask one relayd, the first of these that is given or answers:
  -s, --server URL       unix:PATH, HOST:PORT or http://HOST:PORT
  --context NAME         a profile; else $RELAYCTL_CONTEXT, else the selected one
  the admin socket       admin.socket of relayd's settings, /run/relayd/relayd.sock
  the operator address   operator.listen of relayd's settings, 127.0.0.1:9103
The admin socket needs no token: its file permissions decide. The operator address
wants the token of operator.token_file, given with --token-file.
Stored verbs work on Redis: --redis URL and --prefix, else redis.url and redis.prefix
of relayd's settings (--config FILE, /etc/relayd/relayd.toml).
)"},
    {"contexts", "profiles for several relayds",
     R"(A context is a named set of flags: --server, --token-file, --config, --redis, --prefix,
--cacert, --cert, --key.
  relayctl context add prod --server 10.0.0.5:9103 --token-file ~/.relay-token
  relayctl context select prod
  relayctl --context prod status
They are kept in ~/.config/relayctl/contexts.json (0600), which names files with
secrets and never holds one.
)"},
    {"ids", "what a message id tells",
     R"(An id is a number of 53 bits that grows with every message stored. Above its lowest 11
bits it is the time of publishing in milliseconds since 1970, so an id is a time and a
time is an id: --since takes either. Ids are shown with their time.
)"},
    {"writing", "questions and dry runs",
     R"(What destroys something says first, with counts, what it will do, and asks. -y answers
yes; --dry-run says it and does nothing; without a terminal and without -y it stops
with 64. --no-input never asks.
)"},
}};

}  // namespace

std::span<const Topic> topics() {
  return kTopics;
}

std::string argument_words(const Form& form) {
  std::string out;
  for (const Argument& argument : form.arguments) {
    const bool optional = argument.arity == Arity::kOptional || argument.arity == Arity::kAny;
    const bool many = argument.arity == Arity::kSome || argument.arity == Arity::kAny;
    const std::string word = std::string(argument.name) + (many ? "..." : "");
    out += " " + (optional ? "[" + word + "]" : word);
  }
  return out;
}

std::string usage_line(const Verb& verb) {
  const Form form = verb.form();
  return "relayctl " + std::string(verb.path) + argument_words(form) + (form.flags.empty() ? "" : " [flags]");
}

std::string overview(bool full) {
  std::string out(kHead);
  out += "Commands:\n";
  std::string last;
  for (const Verb& verb : verbs()) {
    const std::string word(verb.path.substr(0, verb.path.find(' ')));
    if (full || !is_noun(word)) {
      out += verb_line(verb);
    } else if (word != last) {
      std::string list;
      for (const Verb* sub : verbs_of(word))
        list += (list.empty() ? "" : ", ") + std::string(sub->path.substr(word.size() + 1));
      out += "  " + padded(word, 20) + list + "\n";
    }
    last = word;
  }
  out += "\nTopics (relayctl help TOPIC):\n";
  for (const Topic& topic : kTopics) out += "  " + padded(topic.name, 20) + std::string(topic.help) + "\n";
  if (full) {
    for (const FlagGroup& group : common_flags())
      out += "\n" + std::string(group.title) + ":\n" + flag_lines(group.flags);
  }
  return out +
         (full ? "\nMore: man relayctl\n" : "\nMore: relayctl --help, relayctl COMMAND -h, man relayctl\n");
}

std::string noun_help(std::string_view noun) {
  std::string out = "relayctl " + std::string(noun) + " COMMAND\n\nCommands:\n";
  for (const Verb* verb : verbs_of(noun)) {
    out += "  " + padded(std::string(verb->path.substr(noun.size() + 1)) + argument_words(verb->form()), 30) +
           std::string(verb->help) + "\n";
  }
  return out;
}

std::string verb_help(const Verb& verb, bool full) {
  const Form form = verb.form();
  std::string out = "relayctl " + std::string(verb.path) + " - " + std::string(verb.help) + "\n\n";
  if (!form.examples.empty()) out += "Examples:\n" + example_lines(form.examples) + "\n";
  out += "Usage: " + usage_line(verb) + "\n";
  if (!form.text.empty()) out += "\n" + std::string(form.text);
  if (!form.flags.empty()) out += "\nFlags:\n" + flag_lines(form.flags);
  if (!full) return out + "\nMore: relayctl " + std::string(verb.path) + " --help\n";
  for (const FlagGroup& group : common_flags())
    out += "\n" + std::string(group.title) + ":\n" + flag_lines(group.flags);
  if (!form.columns.empty()) {
    out += "\nKeys:\n";
    for (const Column& column : form.columns)
      out += "  " + padded(column.key, 26) + std::string(column.help) + "\n";
  }
  return out + "\nPlane: " + std::string(plane_words(verb.plane)) + "\n";
}

std::optional<std::string> help_on(std::string_view topic) {
  const auto found =
      std::find_if(kTopics.begin(), kTopics.end(), [&](const Topic& t) { return t.name == topic; });
  if (found != kTopics.end()) return std::string(found->help) + "\n\n" + std::string(found->text);
  if (is_noun(topic)) return noun_help(topic);
  if (const Verb* verb = find_verb(topic)) return verb_help(*verb, true);
  return {};
}

}  // namespace relay::ctl
