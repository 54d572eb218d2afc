// Every event that the log can hold, once: what it is called, and what an operator should know and do.
//
// The journal's MESSAGE_ID of an event follows from its name; the message catalog (packaging/relayd.catalog,
// for `journalctl -x`) is made from this table and a test compares both with the sources. A new event is a
// row here and its log call; then options_texts update. Values; any thread.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace relay::log {

struct EventRow {
  std::string_view event;    // as in log::write()
  std::string_view subject;  // one line
  std::string_view help;     // what it means and what to do; @RELAYD_KEY@ stands for a field
};

// clang-format off
inline constexpr EventRow kEvents[] = {
    {"bridge.hook_dropped", "Webhook posts were dropped", "Posts to webhooks or to the copy-to address come faster than they are taken, and @RELAYD_QUEUED@ wait already.\nMessages themselves are not affected. See why the receiver is slow; relayd_bridge_hook_queue shows the queue."},
    {"bridge.hook_failed", "A webhook post was not taken", "@RELAYD_HOST@ did not take a post: @RELAYD_REASON@. It is not sent again. Messages themselves are not affected."},
    {"bridge.warning", "A setting of the bridge deserves a look", "The settings of the bridge work, but perhaps not as meant; the message says why."},
    {"capacity", "How many clients fit", "With @RELAYD_FILES@ open files allowed, @RELAYD_CLIENTS@ clients can be connected at once; further ones get 503.\nRaise LimitNOFILE= of the unit for more."},
    {"client.connected", "A client listens", "At debug only: @RELAYD_CLIENT@ opened a stream, a socket or a long poll. relayctl clients get tells more of it."},
    {"client.gone", "A client listens no longer", "At debug only: the stream, socket or long poll of @RELAYD_CLIENT@ ended."},
    {"config.set", "An operator changed an option", "@RELAYD_KEY@ has another value until the process ends, also over reloads; relayctl config show tells which."},
    {"config.warning", "A setting deserves a look", "The configuration is valid, but perhaps not as meant; the message says why."},
    {"config.without_effect", "Settings without effect", "Variables of other bridges that are accepted and do nothing here: @RELAYD_NAMES@."},
    {"drain.operator", "An operator takes the instance out of rotation", "It is not ready, and its clients are sent away evenly over @RELAYD_SPREAD_MS@ ms. It stays up and can be put back."},
    {"drain.undone", "An operator puts the instance back into rotation", "It is ready again and takes clients."},
    {"draining", "relayd drains", "It was asked to stop. It is not ready, still accepts clients for @RELAYD_DELAY_MS@ ms, then sends all away evenly over\n@RELAYD_SPREAD_MS@ ms. A second signal ends it at once."},
    {"instance.id_conflict", "Two instances have one id", "Another process calls itself @RELAYD_ID@ too, and each takes the other's clients\nfor its own. Give each its own instance.id, or leave it unset."},
    {"instance.id_made_up", "The kept instance id is taken", "Another relayd uses the same state directory. This one goes by a name made up until it ends; give it a state_directory\nor an instance.id of its own."},
    {"instance.not_left", "The registry did not take the instance out", "The store did not answer in time when relayd stopped. The other instances remove what it left, once it is silent for\ninstance.dead_after."},
    {"instance.presence_overflow", "Presence could not keep up", "@RELAYD_PENDING@ joins and leaves wait for the store. Presence will be entered anew; messages are not affected."},
    {"instance.purged", "A dead instance was removed", "Instance @RELAYD_ID@ had been silent for @RELAYD_SILENT_MS@ ms; what it had left in the store is gone."},
    {"instance.reentered", "The store had lost this instance", "Its presence is entered anew. If this comes again, look for lost data or an eviction policy in the store."},
    {"instance.revived", "A silent instance lives again", "Instance @RELAYD_ID@ was about to be removed and lives; it is left alone."},
    {"io_uring.refused", "The kernel lets relayd have no io_uring", "@RELAYD_WHY@. Everything works, each write to a client is a system call of its own: some tenth more processor time.\nContainers and hardened hosts forbid it; io_uring = false in the configuration says that this is meant."},
    {"listening", "relayd serves clients", "The address on which clients are served."},
    {"listening.operator", "relayd answers health checks", "The address of health, readiness and metrics."},
    {"log.reopen_failed", "The log file cannot be opened again", "After SIGUSR1 the file could not be opened: @RELAYD_REASON@. The old one is used on. Look at its folder's permissions."},
    {"loop.stuck", "An event loop does not turn", "Loop @RELAYD_LOOP@ has not turned for 5 seconds; its clients hear nothing. Under systemd the watchdog will end relayd.\nPlease report it with the core."},
    {"reload", "The configuration was reloaded", "In effect: @RELAYD_CHANGED@. After a restart: @RELAYD_NEEDS_RESTART@."},
    {"reload.failed", "The configuration was not reloaded", "Nothing was changed: @RELAYD_WHY@. Mend the file, try it with relayd --check, and reload again."},
    {"request.refused", "A request was refused", "At debug only: the answer had status @RELAYD_STATUS@, and a body that says why."},
    {"start.failed", "relayd cannot start", "The message says what is wrong. Exit code 78: the configuration; 71: an address is taken or a limit too low.\nrelayd --check=full tries everything without starting."},
    {"started", "relayd is up", "Version @RELAYD_VERSION@, storage @RELAYD_STORAGE@."},
    {"state.loop", "State of an event loop", "Written on SIGUSR2, a line per event loop."},
    {"state.storage", "State of a storage node", "Written on SIGUSR2, a line per storage node and event loop."},
    {"stopped", "relayd has stopped", "Every client was sent away and every thread has ended."},
    {"stopping", "relayd stops now", "It ends without sending its clients away evenly; they will come back at once."},
    {"storage.bad_key", "A key in the store is not relayd's", "The backlog of channel @RELAYD_CHANNEL@ cannot be read: @RELAYD_REASON@. Its streams are told of a gap.\nSee who else writes under redis.prefix."},
    {"storage.bad_record", "Something foreign in the store", "A key or topic of relayd's held what relayd did not write, on channel @RELAYD_CHANNEL@. It is passed over.\nSee who else writes under redis.prefix."},
    {"storage.data_lost", "The store has lost messages", "@RELAYD_NODE@ no longer has messages that it had acknowledged, as after a failover or a restart without its last writes.\nEvery stream concerned was told of a gap. See relayd(8), STORAGE, for what keeps them."},
    {"storage.layout", "The data in the store has another layout", "What lies under redis.prefix was laid out for another number of partitions; nothing is served from it.\nSet the number that the message names, or another redis.prefix."},
    {"storage.lost", "The storage is away", "@RELAYD_NODE@ does not answer: @RELAYD_REASON@. Clients stay connected; publishes are answered with 503.\nrelayd comes back by itself when the storage does, and fills every stream. See whether the server runs and is reachable."},
    {"storage.up", "The storage answers", "@RELAYD_NODE@ answers again after @RELAYD_AWAY_MS@ ms; streams are being filled with what they missed."},
    {"tls.certificate", "The certificate of the listeners", "It is good until @RELAYD_NOT_AFTER@. A renewed one is read on SIGHUP."},
    {"tls.certificate_expires", "The certificate of the listeners ends soon", "It is good until @RELAYD_NOT_AFTER@ only, @RELAYD_DAYS@ days from now. Renew it and send SIGHUP;\nwith one that has ended relayd does not start."},
};
// clang-format on

// 32 hexadecimal digits, a UUID made from the name: the same in every version that has the event.
std::array<char, 32> message_id(std::string_view event);

// The catalog, in the format of systemd's Documentation/CATALOG.
std::string journal_catalog();

}  // namespace relay::log
