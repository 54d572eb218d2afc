// The profiles of `relayctl context`: named sets of the flags that say where relayd and its store are.
//
// Kept as JSON in $XDG_CONFIG_HOME/relayctl/contexts.json (~/.config), mode 0600, replaced whole by a rename.
// A profile supplies flags that the command line did not give; it holds names of secret files, never secrets.
// One thread. Failures: kConfig for a file that is not ours, kDenied, kIo.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "cli/arguments.hpp"
#include "cli/failure.hpp"
#include "vocabulary.hpp"

namespace relay::ctl {

// By key: "description", and the long names of the flags without their dashes ("server", "token-file").
using Profile = std::map<std::string, std::string>;

// The flags a profile can hold: "--server" and so on.
std::span<const std::string_view> profile_flags();

class Profiles {
 public:
  static Outcome<Profiles> load();  // none yet is fine
  Outcome<void> save() const;
  static std::string path();

  const std::map<std::string, Profile>& all() const { return profiles_; }
  const std::string& current() const { return current_; }  // empty: none
  // kUsage with the nearest name.
  Outcome<Profile> find(const std::string& name) const;
  void put(const std::string& name, Profile profile) { profiles_[name] = std::move(profile); }
  void select(std::string name) { current_ = std::move(name); }
  void remove(const std::string& name);

 private:
  std::map<std::string, Profile> profiles_;
  std::string current_;
};

// --context, else $RELAYCTL_CONTEXT, else the current one: its flags are added where the line has none.
Outcome<void> apply_profile(Arguments& arguments);

}  // namespace relay::ctl
