#include "cli/program.hpp"

#include "base/bytes.hpp"
#include "cli/man_page.hpp"
#include "commands.hpp"
#include "drivers/driver.hpp"
#include "knobs.hpp"
#include "loads.hpp"
#include "outputs.hpp"
#include "report/measure.hpp"

namespace relay::bench {
namespace {

constexpr std::string_view kHelpHead =
    R"(relaybench - measures relayd, and other servers, under load

Examples:
  relaybench fanout --subs 1000 --channels 10 --rate 500/s
  relaybench pairs --threshold 'e2e.p99<20ms' --json pairs.json
  relaybench run examples/scenarios/prices.toml --scale 0.1
  relaybench versus --a relay=http://127.0.0.1:8081 --b nchan=http://127.0.0.1:8080
  relaybench search --slo 'e2e.p99<20ms'

)";

constexpr std::string_view kExitCodes = R"(0    measured, and everything held
1    the answer is no: worse than before, or something stands in the way
64   the command line is wrong
65   the data given is wrong: a scenario, a result
66   a file is not there
69   the server cannot be reached
70   a fault of relaybench
71   this machine refused: descriptors, ports
74   reading or writing failed
97   invalid: the generator was saturated; fewer clients, or --processes
98   delivery was broken: lost, repeated, out of order or corrupt
99   a threshold was missed
130  interrupted; what was measured until then is reported
Of several, the first in the order 97, 98, 99.
)";

constexpr std::string_view kMethod =
    R"(Every publisher has a schedule that is fixed when the run begins, and a delivery's
latency counts from the time it should have been sent ("end to end"), so a server that
stalls cannot slow the generator down and hide it. "service" counts from the actual send.
--closed waits for each answer instead, and the report says so.

Every message carries run, publisher, channel, sequence, time and CRC32C; every subscriber
checks each delivery: lost, repeated, out of order, corrupt, foreign, late. --delivery says
which of these break the run (98). Loss is judged after --grace, against what the server
acknowledged.

The generator watches itself. When its own lateness is more than a tenth of the measured
median, a core is above 90 % or places of the schedule were dropped, the result is INVALID
(97), unless --allow-saturated.

Phases: setup (connect), warm-up (not counted), stages, drain (--grace).

Generators are processes, one loop each (--processes), or other machines (--workers). Those
have channels of their own: a message is sent and timed on one machine, so clocks need not
agree; how far they are apart is measured before and after and shown.
)";

std::string scenario_topic() {
  std::string out = R"(A TOML file. Keys are the long flags with _ for -; a list where a flag may be repeated.

  name = "prices"
  [target]
  url = "http://127.0.0.1:8081"
  transport = "ws"
  [load]
  subs = 10_000
  rate = "20/s"
  [[stage]]
  name = "rush"
  duration = "1m"
  rate = "500%"            # or "100/s"; clients likewise
  ramp = "spike"           # linear, step
  churn = "20/s"           # or a share of what [trouble] says
  action = "ssh edge-1 systemctl restart relayd"   # only with run --allow-hooks
  [[threshold]]
  expr = "e2e.p99<50ms"
  stage = "rush"           # without it: the whole run
  abort = true             # end the run as soon as it is out of reach
  after = "10s"            # but not in the first ten seconds

Tables and their keys:
)";
  for (const Section section : kSections) {
    std::string line = "  [" + std::string(table_of(section)) + "]";
    for (const std::string& key : keys_of(section)) {
      if (line.size() + 1 + key.size() > 88) {
        out += line + "\n";
        line = "   ";
      }
      line += " " + key;
    }
    out += line + "\n";
  }
  return out;
}

std::string metrics_topic() {
  std::string out = R"(--threshold, --slo and [[threshold]] take MEASURE OP VALUE: e2e.p99<20ms, lost==0,
publish.error_rate<0.1%, delivered.rate>=0.99*target (what the schedule asks for).
Latencies are connect, publish, e2e, service, replay and silence, each with .min .mean .stddev
.max .count .p50 .p90 .p99 .p99.9 and any other percentile; silence is one value for each
subscriber: the longest time in which it heard nothing. A replay that the next cut, or the end,
comes before is in no percentile but an error, replay_unfinished: give it more time. With a stage
a threshold is judged for that stage; silence and what stands below server, generator and
delivery is known for the whole run alone. A run can end early (abort, --abort-on-fail) by what
is seen while it goes on: repeated, reordered, corrupt, foreign and late deliveries, errors and
.max at once, e2e and connect, rates and the generator's lag when three intervals in a row miss.
The others:
)";
  for (const MeasureRow& row : measures()) {
    std::string name(row.name);
    name.resize(std::max<std::size_t>(name.size() + 2, 26), ' ');
    out += "  " + name + std::string(row.help) + "\n";
  }
  return out;
}

std::string drivers_topic() {
  std::string out;
  for (const DriverRow& row : drivers()) {
    std::string name(row.name);
    name.resize(12, ' ');
    out += name + std::string(row.help) + "\n            --transport";
    for (const Transport transport : row.transports) out += " " + std::string(name_of(transport));
    out += "\n";
    if (!row.options.empty()) out += "            --driver-option " + std::string(row.options) + "\n";
  }
  return out;
}

std::vector<cli::Topic> topics() {
  static const std::string scenario = scenario_topic();
  static const std::string metrics = metrics_topic();
  static const std::string driver_list = drivers_topic();
  return {{"exit-codes", "what the exit status says", kExitCodes},
          {"method", "what is measured, and when it is valid", kMethod},
          {"scenario", "how a scenario file is written", scenario},
          {"metrics", "what thresholds can name", metrics},
          {"drivers", "the servers it can talk to", driver_list}};
}

std::vector<cli::FlagGroup> flags() {
  std::vector<cli::FlagGroup> groups = knob_flags();
  std::vector<cli::Flag> output = output_flags();
  output.insert(output.begin(),
                {"-o,--output", "FORMAT", "what is printed", cli::Words::kChoice, {"text", "json"}});
  output.insert(
      output.end(),
      {{"--progress", "HOW", "while it runs", cli::Words::kChoice, {"auto", "bar", "plain", "none"}},
       {"--color", "WHEN", "auto, always or never", cli::Words::kChoice, {"auto", "always", "never"}},
       {"-q,--quiet", "", "nothing on standard error but errors"}});
  groups.push_back({"Output", std::move(output)});
  groups.push_back(
      {"Help", {{"-h", "", "short help"}, {"--help", "", "all of it"}, {"--version", "", "the version"}}});
  return groups;
}

constexpr std::string_view kManHead = R"(.\" Made from the command table by bench_texts; a test compares.
.Dd November 21, 2026
.Dt RELAYBENCH 1
.Os
.Sh NAME
.Nm relaybench
.Nd measures relayd, and other servers, under load
.Sh SYNOPSIS
.Nm
.Ar command
.Op Ar flags
.Op Ar argument ...
.Sh DESCRIPTION
.Nm
opens many subscriptions, publishes at a rate that is fixed beforehand, checks every
single delivery, and reports latencies from the time a message should have been sent.
It watches itself too: a result that its own slowness could explain is called invalid.
.Pp
.Nm
talks to
.Xr relayd 8
and, by its drivers, to other servers, so that one can be compared with another in the
same run.
.Pp
Results go to standard output and talk to standard error.
.Sh OPTIONS
Commands that measure take all of these; what a command does not need it refuses.
)";

// Lines of a topic as they are, for text that is laid out by hand.
std::string literal(std::string_view text) {
  std::string out = ".Bd -literal\n";
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with('.')) out += "\\&";
    out += cli::roff(line) + "\n";
  }
  out.pop_back();  // split() gives an empty line behind the last
  return out + ".Ed\n";
}

constexpr std::string_view kManEnvironment = R"(.Sh ENVIRONMENT
.Bl -tag -width Ds
.It Ev NO_COLOR
No colours, if it is not empty.
.It Ev CLICOLOR_FORCE
Colours also where there is no terminal.
.It Ev COLUMNS
Width of the terminal.
.El
)";

std::string man_behind_list() {
  return ".Sh METHOD\n" + literal(kMethod) + ".Sh SCENARIO FILES\n" + literal(scenario_topic()) +
         ".Sh THRESHOLDS\n" + literal(metrics_topic()) + ".Sh DRIVERS\n" + literal(drivers_topic()) +
         std::string(kManEnvironment);
}

constexpr std::string_view kManExitNote = ".Pp\nOf several, the first in the order 97, 98, 99.\n";

constexpr std::string_view kManTail = R"(.Sh SEE ALSO
.Xr relayctl 1 ,
.Xr relayd 8
)";

// Beyond the tables: the ready-made loads.
void add_loads(std::vector<cli::Candidate>& out, cli::Words words, const cli::Arguments&) {
  if (words != cli::Words::kScenario) return;
  for (const ReadyLoad& load : loads()) out.push_back({std::string(load.name), std::string(load.help)});
}

cli::Program make_program() {
  static const std::string behind_list = man_behind_list();
  cli::Program out{.name = "relaybench",
                   .commands = {},
                   .flags = flags(),
                   .topics = topics(),
                   .help_head = kHelpHead,
                   .man = {kManHead, behind_list, kManExitNote, kManTail},
                   .candidates = add_loads};
  for (const Command& command : commands())
    out.commands.push_back({.path = command.name, .help = command.help, .form = command.form});
  return out;
}

}  // namespace

const cli::Program& program() {
  static const cli::Program kProgram = make_program();
  return kProgram;
}

}  // namespace relay::bench
