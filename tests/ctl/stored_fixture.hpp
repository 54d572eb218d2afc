// A real Redis, relayctl on it, and what tests of the stored plane say to both. One test thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "ctl/ctl_runner.hpp"
#include "support/redis_server.hpp"

namespace relay::test {

struct CtlRun : CtlResult {
  // One JSON object a line.
  std::vector<nlohmann::json> lines() const {
    std::vector<nlohmann::json> all;
    for (const std::string_view line : split(out, '\n')) {
      if (!line.empty()) all.push_back(nlohmann::json::parse(line));
    }
    return all;
  }
};

inline bool has(const std::string& text, std::string_view words) {
  return text.find(words) != text.npos;
}

inline std::vector<std::string> numbered(int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) texts.push_back("text " + std::to_string(i));
  return texts;
}

// relayctl on a store.
struct StoredCtl {
  Ctl ctl;
  nlohmann::json json(std::vector<std::string> words) const { return ctl.json(std::move(words)); }

  CtlRun run(std::vector<std::string> words, const std::string& input = {}) const {
    return {ctl.run(std::move(words), input)};
  }
  CtlRun good(std::vector<std::string> words, const std::string& input = {}) const {
    return {ctl.expect(0, std::move(words), input)};
  }
  // Stores texts as messages; the ids of all that the channel then has.
  std::vector<MessageId> store(const std::string& channel, const std::vector<std::string>& texts) const {
    std::string lines;
    for (const std::string& text : texts)
      lines += nlohmann::json{{"channel", channel}, {"data", text}}.dump() + "\n";
    good({"backlog", "import", "-"}, lines);
    return ids(channel);
  }
  std::vector<MessageId> ids(const std::string& channel) const {
    std::vector<MessageId> all;
    for (const auto& row : good({"backlog", "show", channel, "--limit", "1000000", "-o", "jsonl"}).lines()) {
      all.push_back(row["id"].get<MessageId>());
    }
    return all;
  }
  nlohmann::json count(const std::string& channel) const { return ctl.json({"backlog", "count", channel}); }
};

inline RedisServer::Options without_file() {
  RedisServer::Options options;
  options.keep_data = false;
  return options;
}

inline std::string url_of(const RedisServer& server) {
  return "redis://127.0.0.1:" + std::to_string(server.port());
}

struct StoredFixture {
  RedisServer redis{without_file()};
  StoredCtl ctl{Ctl({"--redis", url_of(redis)})};
};

}  // namespace relay::test
