// Appends of one member to one channel, and what became of each.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "contracts/member.hpp"
#include "support/catch.hpp"

namespace relay::test {

// Answers by the data that was sent; each is given within the publish timeout.
class Appends {
 public:
  explicit Appends(Member& member, std::string channel = "room:1")
      : member_(member), channel_(std::move(channel)) {}
  void send(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string data = std::to_string(sent_++);
      answers_.emplace_back(
          data, member_.append_later({.channel = channel_, .data = data, .ttl_ms = 600'000, .keep = big_}));
    }
  }
  void collect() {
    for (auto& [data, future] : answers_) {
      const auto answer = await_answer(std::move(future), "append");
      if (answer) {
        stored_.emplace(data, answer->id);
      } else if (answer.error().kind == ErrorKind::kUnavailable) {
        refused_.insert(data);
      } else {
        CHECK(answer.error().kind == ErrorKind::kUnknown);
        ++unknown_;
      }
    }
    answers_.clear();
  }
  // REQUIRES: collected. How many of the stored ones the store has kept.
  std::size_t kept(const hub::Page& page) const {
    std::size_t count = 0;
    for (const auto& message : page.messages) count += stored_.count(message->data());
    return count;
  }
  // REQUIRES: collected. Compares with what the store kept.
  void check_against(const hub::Page& page) const {
    std::map<std::string, MessageId> kept;
    for (const auto& message : page.messages) {
      CHECK(kept.emplace(message->data(), message->id()).second);  // once
      CHECK(refused_.count(message->data()) == 0);
    }
    std::size_t lost = 0;
    for (const auto& [data, id] : stored_) lost += kept.count(data) == 1 && kept.at(data) == id ? 0 : 1;
    CHECK(lost == 0);
  }
  std::size_t stored() const { return stored_.size(); }
  std::size_t refused() const { return refused_.size(); }
  std::size_t unknown() const { return unknown_; }

 private:
  Member& member_;
  const std::string channel_;
  hub::ChannelOptions big_ = [] {
    hub::ChannelOptions keep;
    keep.max_count = 1'000'000;
    keep.max_bytes = std::uint64_t{1} << 40;
    return keep;
  }();
  int sent_ = 0;
  std::vector<std::pair<std::string, std::future<Result<hub::Appended>>>> answers_;
  std::map<std::string, MessageId, std::less<>> stored_;
  std::set<std::string, std::less<>> refused_;
  std::size_t unknown_ = 0;
};

}  // namespace relay::test
