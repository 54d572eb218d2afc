#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

#include "base/bytes.hpp"
#include "cli/help.hpp"
#include "options/table.hpp"

namespace relay::cli {
namespace {

std::string first_word(std::string_view path) {
  return std::string(path.substr(0, path.find(' ')));
}
std::string last_word(std::string_view path) {
  return std::string(path.substr(path.rfind(' ') + 1));
}

// Where CLI11 puts what it reads, until it goes into Arguments.
struct Slot {
  std::string_view name;
  CLI::Option* option = nullptr;
  std::vector<std::string> values;
};

class Parser {
 public:
  explicit Parser(const Program& program);
  CommandLine read(std::vector<std::string> words);

 private:
  struct Entry {
    const Command* command;
    CLI::App* app;
    Form form;
  };
  CLI::App* noun(std::string_view word);
  void add_flag(CLI::App& app, const Flag& flag);
  void add_argument(CLI::App& app, const Argument& argument);
  const Entry* parsed_entry() const;
  Failure unknown(const std::string& word, const Entry* entry) const;
  void fill(CommandLine& line) const;

  const Program& program_;
  CLI::App root_;
  std::vector<Entry> entries_;
  std::vector<std::pair<std::string, CLI::App*>> nouns_;
  std::vector<std::unique_ptr<Slot>> slots_;
};

Parser::Parser(const Program& program) : program_(program) {
  root_.set_help_flag("");
  root_.allow_extras();
  root_.require_subcommand(0, 1);
  for (const FlagGroup& group : program_.flags) {
    for (const Flag& flag : group.flags) add_flag(root_, flag);
  }
  for (const Command& command : program_.commands) {
    const bool nested = command.path.find(' ') != command.path.npos;
    CLI::App& parent = nested ? *noun(first_word(command.path)) : root_;
    CLI::App* app = parent.add_subcommand(last_word(command.path));
    app->set_help_flag("");
    app->allow_extras();
    app->fallthrough();
    app->require_subcommand(0, 1);
    entries_.push_back({&command, app, command.form()});
    for (const Argument& argument : entries_.back().form.arguments) add_argument(*app, argument);
    for (const Flag& flag : entries_.back().form.flags) add_flag(*app, flag);
  }
}

CLI::App* Parser::noun(std::string_view word) {
  for (const auto& [name, app] : nouns_) {
    if (name == word) return app;
  }
  CLI::App* app = root_.add_subcommand(std::string(word));
  app->set_help_flag("");
  app->allow_extras();
  app->fallthrough();
  // At most one command, so that the words behind it are never taken for another.
  app->require_subcommand(0, 1);
  nouns_.emplace_back(word, app);
  return app;
}

// "-w{2s},--watch{2s}": CLI11 wants it for each name.
std::string with_default(const Flag& flag, const std::string& value) {
  const auto comma = flag.name.find(',');
  const std::string first(flag.name.substr(0, comma));
  return first + "{" + value + "}" +
         (comma == flag.name.npos ? "" : std::string(flag.name.substr(comma)) + "{" + value + "}");
}

void Parser::add_flag(CLI::App& app, const Flag& flag) {
  Slot& slot = *slots_.emplace_back(std::make_unique<Slot>());
  slot.name = key_of(flag);
  const std::string names(flag.name);
  if (flag.value.starts_with('[')) {
    // "[=2s]": the value may be left out.
    const std::string otherwise(flag.value.substr(2, flag.value.size() - 3));
    slot.option = app.add_flag(with_default(flag, otherwise), slot.values);
  } else if (flag.value.empty()) {
    slot.option = app.add_flag(with_default(flag, "yes"), slot.values);
  } else {
    slot.option = app.add_option(names, slot.values)->expected(1)->allow_extra_args(false);
  }
  slot.option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void Parser::add_argument(CLI::App& app, const Argument& argument) {
  Slot& slot = *slots_.emplace_back(std::make_unique<Slot>());
  slot.name = argument.name;
  const bool many = argument.arity == Arity::kSome || argument.arity == Arity::kAny;
  slot.option = app.add_option(std::string(argument.name), slot.values);
  if (many) {
    slot.option->expected(0, -1);
  } else {
    slot.option->expected(1)->allow_extra_args(false);
  }
}

const Parser::Entry* Parser::parsed_entry() const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [](const Entry& e) { return e.app->parsed(); });
  return found == entries_.end() ? nullptr : &*found;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& known,
                         const std::string& see) {
  const auto near = options::nearest(word, known);
  return (near ? "did you mean \"" + *near + "\"?  " : "") + "see: " + see;
}

Failure Parser::unknown(const std::string& word, const Entry* entry) const {
  const std::string name = std::string(program_.name) + " ";
  std::vector<std::string> known;
  if (word.size() > 1 && word.front() == '-') {
    for (const FlagGroup& group : program_.flags) {
      for (const Flag& flag : group.flags) known.emplace_back(key_of(flag));
    }
    if (entry != nullptr) {
      for (const Flag& flag : entry->form.flags) known.emplace_back(key_of(flag));
    }
    const std::string see =
        name + (entry == nullptr ? "" : std::string(entry->command->path) + " ") + "--help";
    return usage("unknown flag \"" + word + "\"", did_you_mean(word.substr(0, word.find('=')), known, see));
  }
  if (entry != nullptr) {
    return usage("unexpected argument \"" + word + "\"",
                 "see: " + name + std::string(entry->command->path) + " -h");
  }
  for (const auto& [noun, app] : nouns_) {
    if (!app->parsed()) continue;
    for (const Command* command : program_.commands_of(noun)) known.push_back(last_word(command->path));
    return usage("unknown command \"" + noun + " " + word + "\"", did_you_mean(word, known, name + noun));
  }
  for (const Command& command : program_.commands) known.push_back(first_word(command.path));
  return usage("unknown command \"" + word + "\"", did_you_mean(word, known, name + "help"));
}

void Parser::fill(CommandLine& line) const {
  for (const auto& slot : slots_) {
    if (slot->option->count() == 0) continue;
    for (const std::string& value : slot->values) line.arguments.add(slot->name, value);
  }
}

// What the command needs and did not get, or got too often.
std::optional<Failure> missing(const Program& program, const Command& command, const Form& form,
                               const Arguments& arguments) {
  const std::string see = "see: " + std::string(program.name) + " " + std::string(command.path) + " -h";
  for (const Argument& argument : form.arguments) {
    const bool needed = argument.arity == Arity::kOne || argument.arity == Arity::kSome;
    if (needed && !arguments.has(argument.name)) {
      return usage(std::string(command.path) + " needs " + std::string(argument.name), see);
    }
    for (const std::string& value : arguments.all(argument.name)) {
      if (argument.choices.empty() ||
          std::find(argument.choices.begin(), argument.choices.end(), value) != argument.choices.end())
        continue;
      return usage("\"" + value + "\" is no " + std::string(argument.name), see);
    }
  }
  return {};
}

std::optional<Failure> bad_choice(const Flag& flag, const Arguments& arguments) {
  const std::string_view key = key_of(flag);
  if (flag.choices.empty() || !arguments.has(key)) return {};
  const std::string& value = arguments.text(key);
  if (std::find(flag.choices.begin(), flag.choices.end(), value) != flag.choices.end()) return {};
  std::string known;
  for (const std::string_view choice : flag.choices)
    known += (known.empty() ? "" : ", ") + std::string(choice);
  return usage("\"" + value + "\" is no value for " + std::string(key), "one of: " + known);
}

std::optional<Failure> first_bad_choice(const Program& program, const Form& form,
                                        const Arguments& arguments) {
  for (const Flag& flag : form.flags) {
    if (auto bad = bad_choice(flag, arguments)) return bad;
  }
  for (const FlagGroup& group : program.flags) {
    for (const Flag& flag : group.flags) {
      if (auto bad = bad_choice(flag, arguments)) return bad;
    }
  }
  return {};
}

// What CLI11 itself refuses, in our words.
Failure refused(const Program& program, const CLI::ParseError& error) {
  const std::string see = "see: " + std::string(program.name);
  std::string what = error.what();
  if (const auto colon = what.find(':'); what.starts_with('-') && colon != what.npos) {
    what.resize(colon);
    return usage(what + " needs a value", see + " --help");
  }
  if (const auto end = what.find('\n'); end != what.npos) what.resize(end);
  return usage(what, see + " help");
}

CommandLine Parser::read(std::vector<std::string> words) {
  CommandLine line;
  std::reverse(words.begin(), words.end());  // what CLI11 wants
  try {
    root_.parse(words);
  } catch (const CLI::ParseError& error) {
    line.failure = refused(program_, error);
    return line;
  }
  fill(line);
  const Entry* entry = parsed_entry();
  std::vector<std::string> extras = root_.remaining(true);
  std::erase(extras, "--");  // what stands behind it is no flag; it is nothing itself
  if (entry != nullptr) line.command = entry->command;
  for (const auto& [name, app] : nouns_) {
    if (app->parsed() && entry == nullptr) line.noun = name;
  }
  const bool helps = line.arguments.has("--help") || line.arguments.has("-h");
  if (!extras.empty()) {
    line.failure = unknown(extras.front(), entry);
  } else if (entry != nullptr && !helps) {
    line.failure = missing(program_, *entry->command, entry->form, line.arguments);
    if (!line.failure) line.failure = first_bad_choice(program_, entry->form, line.arguments);
  }
  return line;
}

}  // namespace

std::optional<std::string> CommandLine::wanted_help(const Program& program) const {
  const bool full = arguments.has("--help");
  if (!full && !arguments.has("-h")) return {};
  if (command != nullptr) return command_help(program, *command, full);
  return noun.empty() ? overview(program, full) : noun_help(program, noun);
}

CommandLine read_command_line(const Program& program, const std::vector<std::string>& words) {
  return Parser(program).read(words);
}

}  // namespace relay::cli
