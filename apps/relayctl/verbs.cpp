#include "verbs.hpp"

#include <algorithm>
#include <array>

#include "verbs/about.hpp"
#include "verbs/backlog_export.hpp"
#include "verbs/backlog_import.hpp"
#include "verbs/backlog_read.hpp"
#include "verbs/backlog_remove.hpp"
#include "verbs/backlog_verify.hpp"
#include "verbs/channels.hpp"
#include "verbs/check.hpp"
#include "verbs/check_stored.hpp"
#include "verbs/clients.hpp"
#include "verbs/completion_verb.hpp"
#include "verbs/config.hpp"
#include "verbs/context_verbs.hpp"
#include "verbs/doctor.hpp"
#include "verbs/instances.hpp"
#include "verbs/instances_purge.hpp"
#include "verbs/metrics.hpp"
#include "verbs/ping.hpp"
#include "verbs/publish.hpp"
#include "verbs/status.hpp"
#include "verbs/storage.hpp"
#include "verbs/storage_orphans.hpp"
#include "verbs/storage_usage.hpp"
#include "verbs/tail.hpp"
#include "verbs/top.hpp"
#include "verbs/wait.hpp"

namespace relay::ctl {
namespace {

constexpr auto kLocal = Plane::kLocal;
constexpr auto kLive = Plane::kLive;
constexpr auto kStored = Plane::kStored;
constexpr auto kBoth = Plane::kBoth;
constexpr auto kReads = Access::kReads;
constexpr auto kWrites = Access::kWrites;

// In the order of help and man page.
constexpr std::array kVerbs{
    Verb{"status", "one instance on one screen", kLive, kReads, status_form, status},
    Verb{"top", "what is going on, live", kLive, kReads, top_form, top},
    Verb{"tail", "the messages of channels as they come", kLive, kReads, tail_form, tail},
    Verb{"publish", "send a message", kLive, kWrites, publish_form, publish},
    Verb{"ping", "measure round trips", kLive, kReads, ping_form, ping},
    Verb{"channels list", "channels that somebody listens to", kLive, kReads, channels_list_form,
         channels_list},
    Verb{"channels get", "one channel: listeners, backlog, limits", kLive, kReads, channels_get_form,
         channels_get},
    Verb{"channels stats", "the busiest channels", kLive, kReads, channels_stats_form, channels_stats},
    Verb{"channels kick", "disconnect who listens to a channel", kLive, kWrites, channels_kick_form,
         channels_kick},
    Verb{"channels purge", "clear backlogs", kStored, kWrites, channels_purge_form, channels_purge},
    Verb{"clients list", "streams and sockets", kLive, kReads, clients_list_form, clients_list},
    Verb{"clients get", "one client and its channels", kLive, kReads, clients_get_form, clients_get},
    Verb{"clients kick", "disconnect clients", kLive, kWrites, clients_kick_form, clients_kick},
    Verb{"backlog list", "channels with messages kept", kStored, kReads, backlog_list_form, backlog_list},
    Verb{"backlog show", "the messages kept of a channel", kStored, kReads, backlog_show_form, backlog_show},
    Verb{"backlog get", "one message", kStored, kReads, backlog_get_form, backlog_get},
    Verb{"backlog count", "count the messages of a channel, one by one", kStored, kReads, backlog_count_form,
         backlog_count},
    Verb{"backlog trim", "remove the oldest messages of a channel", kStored, kWrites, backlog_trim_form,
         backlog_trim},
    Verb{"backlog rm", "remove messages by id", kStored, kWrites, backlog_rm_form, backlog_rm},
    Verb{"backlog export", "write backlogs as JSON lines", kStored, kReads, backlog_export_form,
         backlog_export},
    Verb{"backlog import", "store the messages of an export", kStored, kWrites, backlog_import_form,
         backlog_import},
    Verb{"backlog verify", "whether the backlogs are sound", kStored, kWrites, backlog_verify_form,
         backlog_verify},
    Verb{"instances list", "who lives", kBoth, kReads, instances_list_form, instances_list},
    Verb{"instances get", "one instance", kBoth, kReads, instances_get_form, instances_get},
    Verb{"instances purge", "remove what dead instances left", kStored, kWrites, instances_purge_form,
         instances_purge},
    Verb{"instances drain", "take out of rotation without stopping", kLive, kWrites, instances_drain_form,
         instances_drain},
    Verb{"instances undrain", "put back into rotation", kLive, kWrites, instances_undrain_form,
         instances_undrain},
    Verb{"config check", "whether settings are right", kLocal, kReads, config_check_form, config_check},
    Verb{"config show", "the settings in effect", kLive, kReads, config_show_form, config_show},
    Verb{"config get", "one setting in effect", kLive, kReads, config_get_form, config_get},
    Verb{"config set", "change a setting until the process ends", kLive, kWrites, config_set_form,
         config_set},
    Verb{"config reload", "read the settings again", kLive, kWrites, config_reload_form, config_reload},
    Verb{"config explain", "what a setting is", kLocal, kReads, config_explain_form, config_explain},
    Verb{"log level", "tell or change the log level", kLive, kWrites, log_level_form, log_level},
    Verb{"storage info", "the servers behind the store", kStored, kReads, storage_info_form, storage_info},
    Verb{"storage ping", "round trips to each server", kStored, kReads, storage_ping_form, storage_ping},
    Verb{"storage latency", "many round trips, with percentiles", kStored, kReads, storage_latency_form,
         storage_latency},
    Verb{"storage usage", "who takes the memory", kStored, kReads, storage_usage_form, storage_usage},
    Verb{"storage orphans", "keys that nobody answers for", kStored, kWrites, storage_orphans_form,
         storage_orphans},
    Verb{"check ready", "whether clients should come", kLive, kReads, check_ready_form, check_ready},
    Verb{"check live", "whether every event loop turns", kLive, kReads, check_live_form, check_live},
    Verb{"check storage", "whether the store answers, and fast enough", kStored, kReads, check_storage_form,
         check_storage},
    Verb{"check instances", "whether instances have died", kStored, kReads, check_instances_form,
         check_instances},
    Verb{"check backlog", "whether the backlogs are sound", kStored, kReads, check_backlog_form,
         check_backlog},
    Verb{"wait", "until relayd is as one wants it", kLive, kReads, wait_form, wait_until},
    Verb{"doctor", "what stands in the way, and what to do about it", kBoth, kReads, doctor_form, doctor},
    Verb{"metrics", "what relayd counts", kLive, kReads, metrics_form, metrics},
    Verb{"context add", "make a profile", kLocal, kWrites, context_add_form, context_add},
    Verb{"context edit", "change a profile", kLocal, kWrites, context_edit_form, context_edit},
    Verb{"context list", "all profiles", kLocal, kReads, context_list_form, context_list},
    Verb{"context show", "one profile", kLocal, kReads, context_show_form, context_show},
    Verb{"context select", "use a profile from now on", kLocal, kWrites, context_select_form, context_select},
    Verb{"context rm", "remove a profile", kLocal, kWrites, context_rm_form, context_rm},
    Verb{"context copy", "copy a profile", kLocal, kWrites, context_copy_form, context_copy},
    Verb{"context export", "profiles as command lines", kLocal, kReads, context_export_form, context_export},
    Verb{"completion", "the completion script of a shell", kLocal, kReads, completion_form, completion},
    Verb{"version", "the version; -o json tells more", kLocal, kReads, version_form, version},
    Verb{"help", "help on a command or a topic", kLocal, kReads, help_form, help},
};

}  // namespace

std::span<const Verb> verbs() {
  return kVerbs;
}

const Verb* find_verb(std::string_view path) {
  const auto found =
      std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Verb& verb) { return verb.path == path; });
  return found == kVerbs.end() ? nullptr : &*found;
}

}  // namespace relay::ctl
