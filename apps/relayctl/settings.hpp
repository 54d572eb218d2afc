// relayd's own settings as relayctl finds them: where its socket is, and where it keeps messages.
//
// Reads the file of --config (or /etc/relayd/relayd.toml) with its drop-ins and the environment, as relayd
// does. Failures: kConfig with every fault of the files, kDenied, kNoInput.
#pragma once

#include "cli/arguments.hpp"
#include "cli/failure.hpp"
#include "options/load.hpp"
#include "vocabulary.hpp"

namespace relay::ctl {

// As relayd itself would load them; --redis and --prefix win, as its own flags would.
Outcome<options::Loaded> relayd_settings(const Arguments& arguments);

// The same for verbs of the stored plane: redis.* says where the store is. kConfig when messages are kept in
// memory, which nobody but relayd can see.
Outcome<options::Options> stored_settings(const Arguments& arguments);

}  // namespace relay::ctl
