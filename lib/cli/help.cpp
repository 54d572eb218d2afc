#include "cli/help.hpp"

#include <algorithm>

#include "options/table.hpp"

namespace relay::cli {
namespace {

constexpr std::size_t kTextWidth = 92;

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

std::string command_line_of(const Command& command) {
  return "  " + padded(command.path, 20) + std::string(command.help) + "\n";
}

// Lines that are too long for a terminal, broken between words.
std::string wrapped(std::string_view text) {
  std::string out;
  std::size_t begin = 0;  // of the last line
  for (const char c : text) {
    out += c;
    if (c == '\n') begin = out.size();
    if (out.size() - begin <= kTextWidth || c == ' ') continue;
    const auto space = out.rfind(' ');
    if (space == out.npos || space <= begin) continue;
    out[space] = '\n';
    begin = space + 1;
  }
  return out;
}

std::string group_lines(const Program& program) {
  std::string out;
  for (const FlagGroup& group : program.flags)
    out += "\n" + std::string(group.title) + ":\n" + flag_lines(group.flags);
  return out;
}

}  // namespace

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

std::string overview(const Program& program, bool full) {
  const std::string name(program.name);
  std::string out(program.help_head);
  out += "Commands:\n";
  std::string last;
  for (const Command& command : program.commands) {
    const std::string word(command.path.substr(0, command.path.find(' ')));
    if (full || !program.is_noun(word)) {
      out += command_line_of(command);
    } else if (word != last) {
      std::string list;
      for (const Command* sub : program.commands_of(word))
        list += (list.empty() ? "" : ", ") + std::string(sub->path.substr(word.size() + 1));
      out += "  " + padded(word, 20) + list + "\n";
    }
    last = word;
  }
  out += "\nTopics (" + name + " help TOPIC):\n";
  for (const Topic& topic : program.topics)
    out += "  " + padded(topic.name, 20) + std::string(topic.help) + "\n";
  if (full) return out + group_lines(program) + "\nMore: man " + name + "\n";
  return out + "\nMore: " + name + " --help, " + name + " COMMAND -h, man " + name + "\n";
}

std::string noun_help(const Program& program, std::string_view noun) {
  std::string out = std::string(program.name) + " " + std::string(noun) + " COMMAND\n\nCommands:\n";
  for (const Command* command : program.commands_of(noun)) {
    out += "  " +
           padded(std::string(command->path.substr(noun.size() + 1)) + argument_words(command->form()), 30) +
           std::string(command->help) + "\n";
  }
  return out;
}

std::string command_help(const Program& program, const Command& command, bool full) {
  const Form form = command.form();
  const std::string name = std::string(program.name) + " " + std::string(command.path);
  std::string out = name + " - " + std::string(command.help) + "\n\n";
  if (!form.examples.empty()) out += "Examples:\n" + example_lines(form.examples) + "\n";
  out += "Usage: " + name + argument_words(form) + (form.flags.empty() ? "" : " [flags]") + "\n";
  if (!form.text.empty()) out += "\n" + wrapped(form.text);
  if (!form.flags.empty()) out += "\nFlags:\n" + flag_lines(form.flags);
  if (!full) return out + "\nMore: " + name + " --help\n";
  out += group_lines(program);
  if (!form.columns.empty()) {
    out += "\nKeys:\n";
    for (const Column& column : form.columns)
      out += "  " + padded(column.key, 26) + std::string(column.help) + "\n";
  }
  return out + (command.help_note.empty() ? "" : "\n" + std::string(command.help_note) + "\n");
}

std::optional<std::string> help_on(const Program& program, std::string_view topic) {
  const auto found = std::find_if(program.topics.begin(), program.topics.end(),
                                  [&](const Topic& t) { return t.name == topic; });
  if (found != program.topics.end()) return std::string(found->help) + "\n\n" + std::string(found->text);
  if (program.is_noun(topic)) return noun_help(program, topic);
  if (const Command* command = program.find(topic)) return command_help(program, *command, true);
  return {};
}

Outcome<std::string> help_on(const Program& program, const std::vector<std::string>& words) {
  std::string topic;
  for (const std::string& word : words) topic += (topic.empty() ? "" : " ") + word;
  if (topic.empty()) return overview(program, false);
  if (auto text = help_on(program, std::string_view(topic))) return std::move(*text);
  std::vector<std::string> known;
  for (const Topic& each : program.topics) known.emplace_back(each.name);
  for (const Command& command : program.commands) known.emplace_back(command.path);
  for (const std::string_view noun : program.nouns()) known.emplace_back(noun);
  const auto near = options::nearest(topic, known);
  return usage("there is no help on \"" + topic + "\"", (near ? "did you mean \"" + *near + "\"?  " : "") +
                                                            "see: " + std::string(program.name) + " help");
}

}  // namespace relay::cli
