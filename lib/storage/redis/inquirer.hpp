// Asks questions of servers that may know the answers, one after another until one does. Loop thread only.
//
// The link to the one that answered is kept for the next time. A server that cannot be reached, does not
// answer within kPatience or has no useful answer is passed over; after all of them the question is dropped
// until it is asked again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/redis/redis_link.hpp"

namespace relay::redis {

class Inquirer {
 public:
  static constexpr Milliseconds kPatience{500};
  using Question = std::vector<std::string>;
  // Whether the answer was of use.
  using Take = std::function<bool(const wire::RespValue& answer, const options::RedisHost& from)>;
  // What is asked just before, by the way; an answer that is an error does not come.
  using Note = std::function<void(const wire::RespValue& answer)>;
  // `settings.server` says how to log in.
  Inquirer(net::IoLoop& loop, RedisSettings settings, Question question, Take take, Question aside = {},
           Note note = {});
  ~Inquirer();

  // REQUIRES: at least one.
  void set_places(std::vector<options::RedisHost> places);
  void ask();  // unless it is being asked
  bool asking() const { return asking_; }
  void go_on();  // the next question goes to another server. REQUIRES: not asking
  void tick(SteadyTime now);
  void stop();
  // Why the last one asked was of no use; empty: it was.
  const std::string& trouble() const { return trouble_; }

 private:
  void connect();
  void send_question();
  void send(const Question& question, OnReply on_reply);
  void on_answer(const Reply& reply);
  void failed(const std::string& why);
  void turn_to_next();
  void close();

  net::IoLoop& loop_;
  const RedisSettings settings_;
  const Question question_;
  const Take take_;
  const Question aside_;  // empty: none
  const Note note_;
  std::vector<options::RedisHost> places_;
  std::size_t at_ = 0;
  std::size_t tried_ = 0;  // since ask()
  options::RedisHost place_;
  RedisSettings place_settings_;
  std::shared_ptr<RedisLink> link_;
  bool open_ = false;
  bool asking_ = false;
  SteadyTime asked_{};
  std::string trouble_;
};

}  // namespace relay::redis
