// A redis::Executor of a test's own over one blocking connection: each call is run when the test says so, or
// at once.
//
// With several partitions, all of them are on the one server, told apart by their tags. One thread.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "storage/redis/executor.hpp"
#include "support/redis_server.hpp"

namespace relay::test {

class RedisExecutor final : public redis::Executor {
 public:
  explicit RedisExecutor(const RedisServer& server, std::uint32_t partitions = 1);
  ~RedisExecutor() override;

  // While held, calls wait for step(): runs the oldest one and answers it; false if there is none.
  void hold(bool held) { held_ = held; }
  bool step();
  void settle() {
    while (step()) {
    }
  }
  // While cut, calls are answered with nothing. `run`: Redis has run them nevertheless.
  void cut(bool cut, bool run = false) { cut_ = cut, run_while_cut_ = run; }
  std::size_t waiting() const { return waiting_.size(); }

  std::uint32_t partitions() const override { return static_cast<std::uint32_t>(keys_.size()); }
  std::uint32_t partition_of(std::string_view channel) const override;
  const redis::Keyspace& keys(std::uint32_t partition) const override { return keys_[partition]; }
  void call(std::uint32_t partition, const redis::Script& script, std::vector<std::string> keys,
            std::vector<std::string> arguments, redis::OnReply on_reply, Milliseconds timeout) override;
  void command(std::uint32_t partition, std::vector<std::string> words, redis::OnReply on_reply,
               Milliseconds timeout) override;
  std::vector<std::string> nodes() const override { return {"test"}; }
  void command_on(std::string_view node, std::vector<std::string> words, redis::OnReply on_reply,
                  Milliseconds timeout) override;

 private:
  struct Call {
    std::vector<std::string> words;
    redis::OnReply on_reply;
  };
  void ask(std::vector<std::string> words, redis::OnReply on_reply);

  std::vector<redis::Keyspace> keys_;
  std::deque<Call> waiting_;
  int fd_;
  bool held_ = false;
  bool cut_ = false;
  bool run_while_cut_ = false;
};

}  // namespace relay::test
