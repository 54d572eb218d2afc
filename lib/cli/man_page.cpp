#include "cli/man_page.hpp"

#include "base/bytes.hpp"
#include "cli/help.hpp"

namespace relay::cli {
namespace {

constexpr std::size_t kTextWidth = 78;

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

// Whether the text is but a list of values, as "sse or websocket": these stand as they are typed.
bool is_values(std::string_view text) {
  const auto last = text.rfind(" or ");
  if (last == text.npos || text.find(' ', last + 4) != text.npos) return false;
  for (const std::string_view value : split(text.substr(0, last), ','))
    if (trim(value).find(' ') != value.npos) return false;
  return true;
}

std::string sentence(std::string_view text) {
  std::string out(text);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z' && !is_values(out))
    out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return paragraph(out + (out.ends_with('.') || out.ends_with('?') ? "" : "."));
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

std::string command_section(const Command& command) {
  const Form form = command.form();
  std::string out = ".It Xo\n.Cm " + std::string(command.path) + argument_macros(form) + "\n.Xc\n" +
                    sentence(command.help) + std::string(command.man_note);
  if (!form.text.empty()) out += paragraph(flattened(form.text));
  if (!form.flags.empty()) out += flag_list(form.flags);
  if (!form.examples.empty()) out += example_list(form.examples);
  if (!form.columns.empty()) out += key_list(form.columns);
  return out;
}

// "0    text" lines of the topic, as a list.
std::string exit_status(const Program& program) {
  std::string out = ".Sh EXIT STATUS\n.Bl -tag -width Ds\n";
  const std::string topic = help_on(program, std::string_view("exit-codes")).value_or("");
  for (const std::string_view line : split(topic, '\n')) {
    if (line.empty() || line[0] < '0' || line[0] > '9') continue;
    const auto space = line.find(' ');
    out += ".It " + std::string(line.substr(0, space)) + "\n" + sentence(trim(line.substr(space)));
  }
  return out + ".El\n" + std::string(program.man.exit_note);
}

}  // namespace

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

std::string man_page(const Program& program) {
  std::string out(program.man.head);
  for (const FlagGroup& group : program.flags)
    out += ".Ss " + std::string(group.title) + "\n" + flag_list(group.flags);
  out += ".Sh COMMANDS\n.Bl -tag -width Ds\n";
  for (const Command& command : program.commands) out += command_section(command);
  return out + ".El\n" + std::string(program.man.behind_list) + exit_status(program) +
         std::string(program.man.tail);
}

}  // namespace relay::cli
