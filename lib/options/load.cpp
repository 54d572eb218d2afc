#include "options/load.hpp"

#include "options/merge.hpp"
#include "options/print.hpp"
#include "options/toml_file.hpp"

namespace relay::options {
namespace {

// One run of load(): collects layers and errors on the way.
class Loader {
 public:
  explicit Loader(LoadOutcome& outcome) : outcome_(outcome) {}

  void read_files(const std::string& path, bool must_exist);
  void read_one(const std::string& path, bool must_exist);
  void finish(const Environment& environment, const CommandLine& line);

 private:
  void fail(int exit_code) {
    if (outcome_.exit_code == 0) outcome_.exit_code = exit_code;
  }

  LoadOutcome& outcome_;
  std::vector<Layer> files_;
  std::vector<Diagnostic> errors_;
};

void Loader::read_one(const std::string& path, bool must_exist) {
  const FileText file = read_file(path);
  if (file.state == FileState::kRead) {
    outcome_.loaded.files.push_back(path);
    files_.push_back(parse_toml(file.text, path));
    return;
  }
  if (file.state == FileState::kMissing && !must_exist) return;
  errors_.push_back({{path, 0, 0, 1, {}}, "cannot be read: " + file.why, {}});
  fail(file.state == FileState::kDenied ? kExitDenied : kExitNoInput);
}

void Loader::read_files(const std::string& path, bool must_exist) {
  read_one(path, must_exist);
  for (const std::string& drop_in : toml_files_in(path + ".d")) read_one(drop_in, true);
}

void append(std::vector<Diagnostic>& errors, const std::vector<Diagnostic>& more) {
  errors.insert(errors.end(), more.begin(), more.end());
}

void Loader::finish(const Environment& environment, const CommandLine& line) {
  Loaded& loaded = outcome_.loaded;
  EnvironmentLayer variables = read_environment(environment);
  loaded.without_effect = std::move(variables.without_effect);
  std::vector<const Layer*> layers;
  for (const Layer& file : files_) layers.push_back(&file);
  layers.push_back(&variables.layer);
  layers.push_back(&line.layer);
  for (const Layer* layer : layers) {
    append(errors_, layer->errors);
    loaded.warnings.insert(loaded.warnings.end(), layer->warnings.begin(), layer->warnings.end());
  }
  merge(layers, environment, loaded, errors_);
  if (!errors_.empty()) fail(kExitConfig);
  for (const Diagnostic& error : errors_) outcome_.errors += render(error);
}

// Actions that need no configuration.
bool answer_at_once(LoadOutcome& outcome) {
  switch (outcome.action) {
    case Action::kHelp:
      outcome.output = help_text();
      return true;
    case Action::kVersion:
      outcome.output = version_text();
      return true;
    case Action::kPrintDefaultConfig:
      outcome.output = default_config();
      return true;
    default:
      return false;
  }
}

}  // namespace

LoadOutcome load(int argc, const char* const* argv, const Environment& environment,
                 const std::string& default_file) {
  LoadOutcome outcome;
  const CommandLine line = read_command_line(argc, argv);
  outcome.action = line.action;
  if (!line.layer.errors.empty()) {
    outcome.exit_code = kExitUsage;
    for (const Diagnostic& error : line.layer.errors) outcome.errors += render(error);
    return outcome;
  }
  if (answer_at_once(outcome)) return outcome;
  Loader loader(outcome);
  loader.read_files(line.config.value_or(default_file), line.config.has_value());
  loader.finish(environment, line);
  if (outcome.exit_code != 0) return outcome;
  if (outcome.action == Action::kPrintConfig) outcome.output = effective_config(outcome.loaded, false);
  if (outcome.action == Action::kPrintConfigOrigin) outcome.output = effective_config(outcome.loaded, true);
  return outcome;
}

}  // namespace relay::options
