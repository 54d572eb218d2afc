#include "verbs.hpp"

#include <algorithm>
#include <array>

#include "verbs/about.hpp"
#include "verbs/backlog_export.hpp"
#include "verbs/backlog_import.hpp"
#include "verbs/backlog_read.hpp"
#include "verbs/backlog_remove.hpp"
#include "verbs/backlog_verify.hpp"
#include "verbs/storage.hpp"

namespace relay::ctl {
namespace {

constexpr auto kLocal = Plane::kLocal;
constexpr auto kStored = Plane::kStored;
constexpr auto kReads = Access::kReads;
constexpr auto kWrites = Access::kWrites;

// In the order of help and man page.
constexpr std::array kVerbs{
    Verb{"channels purge", "clear backlogs", kStored, kWrites, channels_purge_form, channels_purge},
    Verb{"backlog list", "channels with messages kept", kStored, kReads, backlog_list_form, backlog_list},
    Verb{"backlog show", "the messages kept of a channel", kStored, kReads, backlog_show_form, backlog_show},
    Verb{"backlog get", "one message", kStored, kReads, backlog_get_form, backlog_get},
    Verb{"backlog count", "count the messages of a channel, one by one", kStored, kReads, backlog_count_form, backlog_count},
    Verb{"backlog trim", "remove the oldest messages of a channel", kStored, kWrites, backlog_trim_form, backlog_trim},
    Verb{"backlog rm", "remove messages by id", kStored, kWrites, backlog_rm_form, backlog_rm},
    Verb{"backlog export", "write backlogs as JSON lines", kStored, kReads, backlog_export_form, backlog_export},
    Verb{"backlog import", "store the messages of an export", kStored, kWrites, backlog_import_form, backlog_import},
    Verb{"backlog verify", "whether the backlogs are sound", kStored, kWrites, backlog_verify_form, backlog_verify},
    Verb{"storage info", "the servers behind the store", kStored, kReads, storage_info_form, storage_info},
    Verb{"storage ping", "round trips to each server", kStored, kReads, storage_ping_form, storage_ping},
    Verb{"storage latency", "many round trips, with percentiles", kStored, kReads, storage_latency_form, storage_latency},
    Verb{"version", "the version; -o json tells more", kLocal, kReads, version_form, version},
    Verb{"help", "help on a command or a topic", kLocal, kReads, help_form, help},
};

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

const Verb* find_verb(std::string_view path) {
  const auto found = std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Verb& verb) { return verb.path == path; });
  return found == kVerbs.end() ? nullptr : &*found;
}

bool is_noun(std::string_view word) { return !verbs_of(word).empty(); }

std::vector<std::string_view> nouns() {
  std::vector<std::string_view> words;
  for (const Verb& verb : kVerbs) {
    const auto space = verb.path.find(' ');
    if (space == verb.path.npos || (!words.empty() && words.back() == verb.path.substr(0, space))) continue;
    words.push_back(verb.path.substr(0, space));
  }
  return words;
}

std::vector<const Verb*> verbs_of(std::string_view noun) {
  std::vector<const Verb*> found;
  for (const Verb& verb : kVerbs) {
    if (verb.path.size() > noun.size() && verb.path.starts_with(noun) && verb.path[noun.size()] == ' ') found.push_back(&verb);
  }
  return found;
}

}  // namespace relay::ctl
