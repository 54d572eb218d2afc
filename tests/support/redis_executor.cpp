#include "support/redis_executor.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>

#include "support/http_client.hpp"

namespace relay::test {

RedisExecutor::RedisExecutor(const RedisServer& server, std::uint32_t partitions)
    : fd_(connect_loopback(server.port())) {
  for (std::uint32_t i = 0; i < partitions; ++i)
    keys_.emplace_back("relay", partitions == 1 ? "" : std::to_string(i));
}

RedisExecutor::~RedisExecutor() {
  ::close(fd_);
}

std::uint32_t RedisExecutor::partition_of(std::string_view channel) const {
  return static_cast<std::uint32_t>(std::hash<std::string_view>{}(channel) % keys_.size());
}

void RedisExecutor::call(std::uint32_t, const redis::Script& script, std::vector<std::string> keys,
                         std::vector<std::string> arguments, redis::OnReply on_reply, Milliseconds) {
  std::vector<std::string> words = {"EVAL", std::string(script.text()), std::to_string(keys.size())};
  for (auto* part : {&keys, &arguments}) {
    for (std::string& word : *part) words.push_back(std::move(word));
  }
  ask(std::move(words), std::move(on_reply));
}

void RedisExecutor::command(std::uint32_t, std::vector<std::string> words, redis::OnReply on_reply,
                            Milliseconds) {
  ask(std::move(words), std::move(on_reply));
}

void RedisExecutor::command_on(std::string_view, std::vector<std::string> words, redis::OnReply on_reply,
                               Milliseconds) {
  ask(std::move(words), std::move(on_reply));
}

void RedisExecutor::ask(std::vector<std::string> words, redis::OnReply on_reply) {
  waiting_.push_back({std::move(words), std::move(on_reply)});
  if (!held_) step();
}

bool RedisExecutor::step() {
  if (waiting_.empty()) return false;
  const Call call = std::move(waiting_.front());
  waiting_.pop_front();
  if (cut_ && !run_while_cut_) {
    call.on_reply({nullptr, false});
    return true;
  }
  std::string bytes;
  wire::RespCommand command(bytes, call.words.size());
  for (const std::string& word : call.words) command.arg(word);
  if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
    throw std::runtime_error("redis-server does not take commands");
  }
  wire::RespReader reader;
  std::vector<char> buffer(64 * 1024);
  for (bool answered = false; !answered;) {
    const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (n <= 0) throw std::runtime_error("redis-server hung up");
    (void)reader.feed({buffer.data(), static_cast<std::size_t>(n)}, [&](const wire::RespValue& value) {
      answered = true;
      call.on_reply(cut_ ? redis::Reply{nullptr, true} : redis::Reply{&value, true});
      return false;
    });
  }
  return true;
}

}  // namespace relay::test
