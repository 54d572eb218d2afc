// The stored plane: Redis itself, with no relayd needed. One thread.
//
// Requests are pipelined: ask() sends, settle() turns a private event loop until what was asked is answered,
// each within
// --timeout. The first failure is kept and returned by settle(); what comes after it is dropped. Failures:
// kUnavailable when the store does not answer, kDenied when it does not let us, kData when it is laid out
// otherwise.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/console.hpp"
#include "context.hpp"
#include "hub/channel.hpp"
#include "metrics/loop_metrics.hpp"
#include "net/io_loop.hpp"
#include "storage/redis/redis_store.hpp"
#include "storage/redis/settings.hpp"
#include "vocabulary.hpp"

namespace relay::ctl {

using OnValue = std::function<void(const wire::RespValue&)>;

class Stored {
 public:
  // Returns when every partition answers.
  static Outcome<std::unique_ptr<Stored>> connect(const Context& context);
  ~Stored();
  Stored(const Stored&) = delete;
  Stored& operator=(const Stored&) = delete;

  redis::RedisStore& store() { return *store_; }
  std::uint32_t partitions() const { return store_->partitions(); }
  std::uint32_t partition_of(std::string_view channel) const { return store_->partition_of(channel); }
  const redis::Keyspace& keys(std::uint32_t partition) const { return store_->keys(partition); }
  std::vector<std::string> nodes() const { return store_->nodes(); }  // the masters
  const redis::Keyspace& keys_of(std::string_view channel) const { return keys(partition_of(channel)); }
  const options::Options& options() const { return options_; }
  const redis::RedisSettings& settings() const { return settings_; }
  Milliseconds timeout() const { return timeout_; }
  // What relayd keeps of a channel, by the settings that were read.
  const hub::ChannelOptions& keep_of(std::string_view channel) const { return namespaces_.of(channel); }
  // "127.0.0.1:6379": the server, or where sentinels or cluster were looked for.
  const std::string& where() const { return where_; }
  std::int64_t now_ms() const;  // Redis's clock

  // `on_value` is not called with an error: that becomes settle()'s failure.
  void ask(std::uint32_t partition, std::vector<std::string> words, OnValue on_value = {});
  void ask_node(std::string_view node, std::vector<std::string> words, OnValue on_value = {});
  void run(std::uint32_t partition, const redis::Script& script, std::vector<std::string> keys,
           std::vector<std::string> arguments, OnValue on_value = {});
  // Errors of Redis come to `on_value` too.
  void try_ask(std::uint32_t partition, std::vector<std::string> words, OnValue on_value);
  void try_ask_node(std::string_view node, std::vector<std::string> words, OnValue on_value);

  // Until at most `most` requests are without an answer: with more than 0, a window for a long run of them.
  Outcome<void> settle(std::size_t most = 0);
  // An empty store is laid out as relayd would do it. Before something is stored in it.
  void lay_out();
  // For what goes another way than ask(). REQUIRES: `done` comes true in time.
  void turn_until(const std::function<bool()>& done);
  net::IoLoop& loop() { return loop_; }

 private:
  Stored(const Console& console, options::Options options, Milliseconds timeout);
  void fail(Failure failure);
  redis::OnReply answer_to(std::string word, OnValue on_value, bool take_errors);
  bool has_refused() const;
  Failure unreachable() const;
  Failure refused(std::string_view error, std::string_view words) const;
  void trace(std::string_view to, const std::vector<std::string>& words) const;
  Outcome<void> greet();

  const Console& console_;
  const options::Options options_;
  const redis::RedisSettings settings_;
  const hub::Namespaces namespaces_;
  const Milliseconds timeout_;
  std::string where_;
  net::IoLoop loop_;
  metrics::LoopMetrics metrics_;  // that nobody reads
  std::unique_ptr<redis::RedisStore> store_;
  std::size_t waiting_ = 0;
  std::optional<Failure> failure_;
  std::int64_t redis_ahead_ms_ = 0;  // of our clock
};

}  // namespace relay::ctl
