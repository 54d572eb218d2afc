#include "layers/include_rules.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <string_view>

namespace relay::layers {
namespace {

namespace fs = std::filesystem;

struct Layer {
  std::string_view folder;  // below lib/
  int line;
};
constexpr std::array<Layer, 12> kLayers{{{"base", 1},
                                         {"wire", 2},
                                         {"options", 2},
                                         {"metrics", 2},
                                         {"hub", 3},
                                         {"net", 3},
                                         {"cli", 3},
                                         {"frontend", 4},
                                         {"client", 4},
                                         {"storage/memory", 4},
                                         {"storage/redis", 4},
                                         {"server", 5}}};
constexpr int kAppsLine = 6;

// An include in <> that begins with `prefix` is only for these folders, or for all but these.
struct LibraryRule {
  std::string_view prefix;
  bool only;
  std::vector<std::string_view> folders;
};
const std::vector<LibraryRule>& library_rules() {
  static const std::vector<LibraryRule> kRules{
      {"boost/asio", false, {"base", "options", "metrics", "hub"}},
      {"boost/beast", false, {"base", "options", "metrics", "hub"}},
      {"hiredis", true, {"wire"}},
      {"spdlog", true, {"base"}},
      {"prometheus", true, {"metrics"}},
      {"toml++", true, {"options", "apps/relaybench"}},
  };
  return kRules;
}

bool is_in(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

const Layer* layer_of(std::string_view path_below_lib) {
  const auto found = std::find_if(kLayers.begin(), kLayers.end(),
                                  [&](const Layer& l) { return is_in(path_below_lib, l.folder); });
  return found == kLayers.end() ? nullptr : &*found;
}

struct Include {
  std::string path;
  bool quoted;
};

std::optional<Include> parse_include(std::string_view line) {
  const auto skip_blanks = [&] { line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size())); };
  const auto take = [&](std::string_view word) {
    skip_blanks();
    if (!line.starts_with(word)) return false;
    line.remove_prefix(word.size());
    return true;
  };
  if (!take("#") || !take("include")) return {};
  skip_blanks();
  if (line.empty() || (line[0] != '"' && line[0] != '<')) return {};
  const bool quoted = line[0] == '"';
  const auto end = line.find(quoted ? '"' : '>', 1);
  if (end == std::string_view::npos) return {};
  return Include{std::string(line.substr(1, end - 1)), quoted};
}

// One source file and where it stands.
struct Source {
  fs::path path;
  fs::path root;       // its lib/ or apps/<app>/
  std::string folder;  // "hub", "apps/relayd"
  int line;
};

// Why the include is refused; empty if it is not. Only `base/` and below may be named from lib/; what an app
// includes of its own is relative to the file or to the app's folder.
std::string refuse_quoted(const Source& source, const std::string& include) {
  if (include.find("..") != std::string::npos) return "climbs out of a folder";
  if (const Layer* target = layer_of(include)) {
    if (target->folder == source.folder || target->line < source.line) return {};
    return target->line == source.line ? "neighbours never include each other" : "includes upward";
  }
  const bool own = source.line == kAppsLine &&
                   (fs::exists(source.path.parent_path() / include) || fs::exists(source.root / include));
  return own ? "" : "no folder of the table (write includes from lib/)";
}

std::string refuse_library(const Source& source, const std::string& include) {
  for (const LibraryRule& rule : library_rules()) {
    if (!include.starts_with(rule.prefix)) continue;
    const bool named =
        std::find(rule.folders.begin(), rule.folders.end(), source.folder) != rule.folders.end();
    if (named != rule.only) return std::string(rule.prefix) + " has no place in " + source.folder;
  }
  return {};
}

void check_source(const Source& source, const fs::path& root, Findings& findings) {
  ++findings.files;
  std::ifstream file(source.path);
  std::string text;
  for (int number = 1; std::getline(file, text); ++number) {
    const auto include = parse_include(text);
    if (!include) continue;
    ++findings.includes;
    // A library is as forbidden in quotes as in angle brackets.
    std::string why = refuse_library(source, include->path);
    if (why.empty() && include->quoted) why = refuse_quoted(source, include->path);
    if (!include->quoted && layer_of(include->path) != nullptr)
      why = "our own headers are included with quotes";
    if (why.empty()) continue;
    findings.violations.push_back(fs::relative(source.path, root).string() + ':' + std::to_string(number) +
                                  ": includes " + include->path + ": " + why);
  }
}

bool is_source(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".hpp" || extension == ".cpp" || extension == ".h" || extension == ".ipp";
}

void check_lib(const fs::path& root, Findings& findings) {
  const fs::path lib = root / "lib";
  if (!fs::exists(lib)) return;
  for (const auto& entry : fs::recursive_directory_iterator(lib)) {
    if (!entry.is_regular_file() || !is_source(entry.path())) continue;
    const std::string below = fs::relative(entry.path(), lib).generic_string();
    if (const Layer* layer = layer_of(below)) {
      check_source({entry.path(), lib, std::string(layer->folder), layer->line}, root, findings);
    } else {
      findings.violations.push_back("lib/" + below + ": stands in no folder of the table");
    }
  }
}

void check_apps(const fs::path& root, Findings& findings) {
  if (!fs::exists(root / "apps")) return;
  for (const auto& app : fs::directory_iterator(root / "apps")) {
    if (!app.is_directory()) continue;
    for (const auto& entry : fs::recursive_directory_iterator(app.path())) {
      if (!entry.is_regular_file() || !is_source(entry.path())) continue;
      check_source({entry.path(), app.path(), "apps/" + app.path().filename().string(), kAppsLine}, root,
                   findings);
    }
  }
}

}  // namespace

Findings check_includes(const fs::path& root) {
  Findings findings;
  check_lib(root, findings);
  check_apps(root, findings);
  std::sort(findings.violations.begin(), findings.violations.end());
  return findings;
}

}  // namespace relay::layers
