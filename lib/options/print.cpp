#include "options/print.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "options/table.hpp"

namespace relay::options {
namespace {

constexpr std::size_t kCommentWidth = 78;
constexpr std::size_t kOriginColumn = 44;

constexpr std::string_view kSampleHead =
    R"(# relayd.toml: settings of relayd, see relayd.toml(5).
#
# Every option stands here commented out at its default, or with an example
# where the default is empty. Files in /etc/relayd/relayd.toml.d/ that end in
# .toml are read after this one, by name; RELAYD_SECTION__KEY in the environment
# and flags win over both.
# Check with relayd --check, apply with systemctl reload relayd (SIGHUP);
# options marked (restart) wait for a restart.

)";

constexpr std::string_view kNamespaceHead =
    R"(
# What is kept of the channels whose name begins with NAME: goes into
# [namespace.NAME], with the keys of [channel]. What is left out there is taken
# from [channel]; the namespace of the bridge has defaults of its own.
)";

// TOML needs quotes around a name that is more than letters, digits, - and _.
std::string bare_or_quoted(std::string_view name) {
  const bool bare = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  return bare ? std::string(name) : toml_string(name);
}

void append_comment(std::string& out, std::string_view text) {
  std::string line = "#";
  for (const std::string_view word : split(text, ' ')) {
    if (line.size() + 1 + word.size() > kCommentWidth) {
      out += line + "\n";
      line = "#";
    }
    line += " " + std::string(word);
  }
  out += line + "\n";
}

std::string sample_comment(const Row& row) {
  std::string text(row.help);
  for (std::size_t i = 0; i < row.choices.size(); ++i) {
    text += (i == 0 ? ": " : ", ") + std::string(row.choices[i]);
  }
  return text + (row.reload == Reload::kRestart ? " (restart)." : ".");
}

void append_sample(std::string& out, const Row& row, const Value& value) {
  append_comment(out, sample_comment(row));
  const std::string leaf(leaf_of(row.key));
  const std::string text = toml_value(row, value);
  const bool is_empty = text == "\"\"" || text == "[]";
  out += "#" + leaf + " = " + (is_empty && !row.example.empty() ? std::string(row.example) : text) + "\n";
  if (row.secrecy == Secrecy::kSecret) {
    append_comment(out, "The same from a file; a relative name is looked up in $CREDENTIALS_DIRECTORY.");
    out += "#" + leaf + "_file = \"" + (row.key == "redis.password" ? "redis-password" : leaf) + "\"\n";
  }
}

void append_header(std::string& out, std::string_view section) {
  out += "\n[" + std::string(section) + "]\n";
}

// Walks the table, opening a section where it changes.
template <class PrintRow>
void for_each_row(std::string& out, PrintRow&& print_row) {
  std::string_view section;
  for (const Row& row : rows()) {
    if (section_of(row.key) != section) append_header(out, section = section_of(row.key));
    print_row(row);
  }
}

void append_effective(std::string& out, const Row& row, const Value& value, const std::string& key,
                      const Origins* origins) {
  std::string line = std::string(leaf_of(row.key)) + " = " + masked_value(row, value);
  if (origins != nullptr) {
    line.resize(std::max(line.size(), kOriginColumn), ' ');
    const auto found = origins->find(key);
    line += " # " + (found == origins->end() ? "default" : found->second);
  }
  out += line + "\n";
}

}  // namespace

std::string effective_config(const Loaded& loaded, bool with_origin) {
  const Origins* origins = with_origin ? &loaded.origins : nullptr;
  std::string out;
  for_each_row(out, [&](const Row& row) {
    append_effective(out, row, get(row, loaded.options), std::string(row.key), origins);
  });
  for (const auto& [name, keep] : loaded.options.namespaces) {
    append_header(out, "namespace." + bare_or_quoted(name));
    for (const Row& row : rows()) {
      if (section_of(row.key) != "channel") continue;
      append_effective(out, row, get(row, keep), "namespace." + name + "." + std::string(leaf_of(row.key)),
                       origins);
    }
  }
  return out;
}

std::string default_config() {
  const Options defaults;
  std::string out(kSampleHead);
  for_each_row(out, [&](const Row& row) { append_sample(out, row, get(row, defaults)); });
  out += kNamespaceHead;
  for (const auto& [name, keep] : defaults.namespaces) {
    out += "[namespace." + bare_or_quoted(name) + "]\n";
    for (const Row& row : rows()) {
      if (section_of(row.key) == "channel") {
        out += "#" + std::string(leaf_of(row.key)) + " = " + toml_value(row, get(row, keep)) + "\n";
      }
    }
  }
  return out;
}

}  // namespace relay::options
