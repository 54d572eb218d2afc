// What lies in the store, key by key: the way back from a name in Redis to what keyspace.hpp says it is. One
// thread.
//
// Walks are by SCAN, in steps of some hundred keys, on every master; a key may come twice and is told once.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stored.hpp"

namespace relay::ctl {

enum class KeyKind {
  kSeq,
  kEpoch,
  kHistory,
  kForks,
  kLayout,
  kLog,
  kLast,
  kBytes,
  kIdempotency,
  kInstances,
  kInstance,
  kHeld,
  kSubs,
  kLease,
  kForeign,  // begins as ours do, and is none of them
};
std::string_view name_of(KeyKind kind);  // "log", "idempotency", …

struct KeyName {
  KeyKind kind = KeyKind::kForeign;
  std::uint32_t partition = 0;
  std::string rest;  // channel or instance
};

class KeyNames {
 public:
  explicit KeyNames(const Stored& stored);
  KeyName parse(std::string_view key) const;

 private:
  struct Place {
    std::uint32_t partition;
    KeyKind kind;
    bool whole;  // nothing follows it
  };
  std::map<std::string, Place, std::greater<>> places_;
};

// Every key of the prefix, once; `on_key` may ask the store, and is settled from time to time.
Outcome<void> walk_keys(Stored& stored,
                        const std::function<void(const std::string& key, const KeyName& name)>& on_key);

struct LogName {
  std::string channel;
  std::uint32_t partition = 0;
};
// The channels that have a log (or, of another kind, such a key), in order of name. `pattern` is a glob on
// the channel's name; empty: all.
Outcome<std::vector<LogName>> find_channels(Stored& stored, std::string_view pattern,
                                            KeyKind kind = KeyKind::kLog);

// A text in a SCAN pattern, meant as it is.
std::string glob_escape(std::string_view text);

}  // namespace relay::ctl
