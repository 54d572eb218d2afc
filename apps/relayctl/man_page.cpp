#include "man_page.hpp"

#include "base/bytes.hpp"
#include "command_line.hpp"
#include "help.hpp"
#include "verbs.hpp"

namespace relay::ctl {
namespace {

constexpr std::size_t kTextWidth = 78;

// Text as roff prints it: no escape begins by accident, quotes and hyphens stay as typed.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '"') {
      out += "\\(dq";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\'') {
      out += "\\(aq";
    } else if (c == '~') {
      out += "\\(ti";
    } else if (c == '^') {
      out += "\\(ha";
    } else {
      out += c;
    }
  }
  return out;
}

// In lines of at most kTextWidth characters; none is taken for a macro, and a sentence ends its line.
std::string paragraph(std::string_view text) {
  std::string out;
  std::string line;
  const auto flush = [&] {
    if (!line.empty()) out += line + "\n";
    line.clear();
  };
  for (const std::string_view word : split(text, ' ')) {
    if (word.empty()) continue;
    if (line.size() + 1 + word.size() > kTextWidth) flush();
    if (line.empty() && (word.starts_with('.') || word.starts_with('\''))) line = "\\&";
    line += (line.empty() || line == "\\&" ? "" : " ") + roff(word);
    if (word.ends_with('.') || word.ends_with('?')) flush();
  }
  flush();
  return out;
}

std::string sentence(std::string_view text) {
  std::string out(text);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return paragraph(out + (out.ends_with('.') ? "" : "."));
}

std::string flattened(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c == '\n' ? ' ' : c;
  return out;
}

std::string flag_item(const Flag& flag) {
  const auto comma = flag.name.find(',');
  std::string out = ".It ";
  const auto fl = [](std::string_view name) { return "Fl " + roff(name.substr(1)); };
  out += comma == flag.name.npos ? fl(flag.name)
                                 : fl(flag.name.substr(0, comma)) + " , " + fl(flag.name.substr(comma + 1));
  if (flag.value.starts_with('[')) {
    out += " Ns Op = Ns Ar TIME";
  } else if (!flag.value.empty()) {
    out += " Ar " + roff(flag.value);
  }
  return out + "\n";
}

std::string flag_text(const Flag& flag) {
  std::string help(flag.help);
  if (!flag.choices.empty() && help.find(flag.choices.front()) == help.npos) {
    for (std::size_t i = 0; i < flag.choices.size(); ++i)
      help += (i == 0 ? ": " : i + 1 < flag.choices.size() ? ", " : " or ") + std::string(flag.choices[i]);
  }
  return sentence(help) + (flag.repeats ? "May be repeated.\n" : "");
}

std::string flag_list(const std::vector<Flag>& flags) {
  std::string out = ".Bl -tag -width Ds\n";
  for (const Flag& flag : flags) out += flag_item(flag) + flag_text(flag);
  return out + ".El\n";
}

std::string_view plane_text(Plane plane) {
  switch (plane) {
    case Plane::kLocal:
      return "Needs neither relayd nor Redis.\n";
    case Plane::kLive:
      return "Asks a running relayd.\n";
    case Plane::kStored:
      return "Works on Redis, with no relayd needed.\n";
    case Plane::kBoth:
      return "Asks a running relayd if there is one, and Redis.\n";
  }
  return {};
}

std::string key_list(const std::vector<Column>& columns) {
  std::string out = ".Pp\nKeys:\n.Bl -tag -width Ds -compact\n";
  for (const Column& column : columns) out += ".It Va " + roff(column.key) + "\n" + sentence(column.help);
  return out + ".El\n";
}

std::string example_list(const std::vector<Example>& examples) {
  std::string out;
  for (const Example& example : examples)
    out += ".Pp\n" + sentence(example.does) + ".Dl " + roff(example.command) + "\n";
  return out;
}

std::string argument_macros(const Form& form) {
  std::string out;
  for (const Argument& one : form.arguments) {
    const bool optional = one.arity == Arity::kOptional || one.arity == Arity::kAny;
    const bool many = one.arity == Arity::kSome || one.arity == Arity::kAny;
    out += std::string(optional ? " Op Ar " : " Ar ") + std::string(one.name) + (many ? " ..." : "");
  }
  return out;
}

std::string verb_section(const Verb& verb) {
  const Form form = verb.form();
  std::string out = ".It Xo\n.Cm " + std::string(verb.path) + argument_macros(form) + "\n.Xc\n" +
                    sentence(verb.help) + std::string(plane_text(verb.plane));
  if (!form.text.empty()) out += paragraph(flattened(form.text));
  if (!form.flags.empty()) out += flag_list(form.flags);
  if (!form.examples.empty()) out += example_list(form.examples);
  if (!form.columns.empty()) out += key_list(form.columns);
  return out;
}

constexpr std::string_view kHead = R"(.\" Made from the verb table by ctl_texts; a test compares.
.Dd November 21, 2026
.Dt RELAYCTL 1
.Os
.Sh NAME
.Nm relayctl
.Nd looks after relayd
.Sh SYNOPSIS
.Nm
.Op Ar flags
.Ar command
.Op Ar argument ...
.Sh DESCRIPTION
.Nm
shows what instances of
.Xr relayd 8
do, changes what may change while they run, and mends what they keep in Redis.
.Pp
Commands of the live plane ask one running relayd over its admin socket, whose
file permissions decide who may, or over its operator address, which wants the
token of
.Ic operator.token_file .
Commands of the stored plane work on Redis itself, found by the settings of
relayd, and need no relayd.
.Pp
Data goes to standard output and talk to standard error.
What destroys something first says with counts what it will do, and asks.
.Sh OPTIONS
Every command takes these, before or behind its own.
)";

constexpr std::string_view kOutput = R"(.Sh OUTPUT
Tables are for people: ages, sizes and counts are human, and what does not fit
the terminal is cut.
Every other format is exact: sizes in bytes, durations in milliseconds, times in
RFC 3339 (UTC), and the keys listed with each command, which do not change.
Message ids are numbers; the time that an id carries stands beside it.
Lists are arrays of objects in
.Cm json
and
.Cm yaml ,
and one object a line in
.Cm jsonl .
)";

constexpr std::string_view kSurroundings = R"(.Sh ENVIRONMENT
.Bl -tag -width Ds
.It Ev RELAYCTL_CONTEXT
The profile to use without
.Fl \-context .
.It Ev NO_COLOR
No colours, if it is not empty.
.It Ev CLICOLOR_FORCE
Colours also where there is no terminal.
.It Ev COLUMNS
Width of the terminal.
.It Ev XDG_CONFIG_HOME
Where profiles are kept, instead of
.Pa ~/.config .
.El
.Pp
The variables of
.Xr relayd.toml 5
are read too, for where relayd and its store are.
.Sh FILES
.Bl -tag -width Ds
.It Pa ~/.config/relayctl/contexts.json
Profiles, mode 0600; it names files with secrets and holds none.
.It Pa /run/relayd/relayd.sock
The admin socket.
.It Pa /etc/relayd/relayd.toml
The settings of relayd.
.El
)";

constexpr std::string_view kTail = R"(.Sh SEE ALSO
.Xr relayd.toml 5 ,
.Xr relayd 8
)";

// "0    text" lines of the topic, as a list.
std::string exit_status() {
  std::string out = ".Sh EXIT STATUS\n.Bl -tag -width Ds\n";
  const std::string topic = help_on("exit-codes").value();
  for (const std::string_view line : split(topic, '\n')) {
    if (line.empty() || line[0] < '0' || line[0] > '9') continue;
    const auto space = line.find(' ');
    out += ".It " + std::string(line.substr(0, space)) + "\n" + sentence(trim(line.substr(space)));
  }
  return out +
         ".El\n.Pp\nWith\n.Fl \\-format Cm nagios\nthe check commands answer 0, 1, 2 and 3, as monitors want "
         "it.\n";
}

}  // namespace

std::string man_page() {
  std::string out(kHead);
  for (const FlagGroup& group : common_flags())
    out += ".Ss " + std::string(group.title) + "\n" + flag_list(group.flags);
  out += ".Sh COMMANDS\n.Bl -tag -width Ds\n";
  for (const Verb& verb : verbs()) out += verb_section(verb);
  return out + ".El\n" + std::string(kOutput) + std::string(kSurroundings) + exit_status() +
         std::string(kTail);
}

}  // namespace relay::ctl
