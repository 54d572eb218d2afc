#include "program.hpp"

#include "live_names.hpp"
#include "options/table.hpp"
#include "verbs.hpp"

namespace relay::ctl {
namespace {

constexpr std::string_view kHelpHead =
    R"(relayctl - looks after relayd

Examples:
  relayctl status                             how is it?
  relayctl top                                what is going on, live
  relayctl tail news -n 20                    the last messages of a channel, and the next ones
  relayctl channels list --sort-by -subscribers --limit 10
  relayctl check ready --format nagios        for a monitor

)";

std::vector<Topic> topics() {
  return {
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
  };
}

std::vector<FlagGroup> flags() {
  return {
      {"Where",
       {{"--context", "NAME", "a profile of relayctl context", Words::kContext},
        {"-s,--server", "URL", "relayd: unix:PATH, HOST:PORT or http://HOST:PORT"},
        {"--token-file", "FILE", "bearer token for an operator address", Words::kFile},
        {"--config", "FILE", "relayd's settings (/etc/relayd/relayd.toml)", Words::kFile},
        {"--redis", "URL", "the store, instead of the one in relayd's settings"},
        {"--prefix", "PREFIX", "first part of the keys in Redis"},
        {"--cacert", "FILE", "certificates to trust for rediss://", Words::kFile},
        {"--cert", "FILE", "client certificate for rediss://", Words::kFile},
        {"--key", "FILE", "key of the client certificate", Words::kFile},
        {"--timeout", "TIME", "how long to wait for an answer (5s)"}}},
      {"Output",
       {{"-o,--output", "FORMAT",
         "one of table, wide, json, jsonl, yaml, csv, name or template=TEXT with {fields}", Words::kFormat},
        {"--no-headers", "", "leave the headings out"},
        {"--columns", "KEYS", "these columns, comma separated", Words::kColumn},
        {"--sort-by", "KEY", "order by a column; -KEY the other way round", Words::kColumn},
        {"--filter",
         "KEY=VALUE",
         "only rows with that value; KEY!=VALUE, KEY~PATTERN",
         Words::kNothing,
         {},
         true},
        {"--limit", "N", "at most so many rows"},
        {"-w,--watch", "[=2s]", "again and again, with that pause"},
        {"--color", "WHEN", "auto, always or never", Words::kChoice, {"auto", "always", "never"}},
        {"-q,--quiet", "", "no talk on standard error but errors"},
        {"-v,--verbose", "", "more talk on standard error"},
        {"--trace", "", "show requests and answers, secrets masked"}}},
      {"Writing",
       {{"-y,--yes", "", "do not ask"},
        {"--dry-run", "", "say what would be done, and do nothing"},
        {"--no-input", "", "never ask: stop instead"}}},
      {"Help", {{"-h", "", "short help"}, {"--help", "", "all of it"}, {"--version", "", "the version"}}},
  };
}

constexpr std::string_view kManHead = R"(.\" Made from the verb table by ctl_texts; a test compares.
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

constexpr std::string_view kManBehindList = R"(.Sh OUTPUT
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
.Sh ENVIRONMENT
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

constexpr std::string_view kManExitNote =
    ".Pp\nWith\n.Fl \\-format Cm nagios\nthe check commands answer 0, 1, 2 and 3, as monitors want it.\n";

constexpr std::string_view kManTail = R"(.Sh SEE ALSO
.Xr relayd.toml 5 ,
.Xr relayd 8
)";

std::string_view plane_words(Plane plane) {
  switch (plane) {
    case Plane::kLocal:
      return "Plane: local: needs neither relayd nor Redis";
    case Plane::kLive:
      return "Plane: live: asks a running relayd";
    case Plane::kStored:
      return "Plane: stored: works on Redis, with no relayd needed";
    case Plane::kBoth:
      return "Plane: live and stored: asks a running relayd if there is one, else Redis";
  }
  return {};
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

Program make_program() {
  Program program{.name = "relayctl",
                  .commands = {},
                  .flags = flags(),
                  .topics = topics(),
                  .help_head = kHelpHead,
                  .man = {kManHead, kManBehindList, kManExitNote, kManTail},
                  .candidates = add_live_names};
  for (const Verb& verb : verbs())
    program.commands.push_back(
        {verb.path, verb.help, verb.form, plane_words(verb.plane), plane_text(verb.plane)});
  return program;
}

}  // namespace

const Program& program() {
  static const Program kProgram = make_program();
  return kProgram;
}

}  // namespace relay::ctl
