// What a Redis or Valkey node says of itself (INFO), for --annotate-redis: read before and after the measured
// part; the difference is what the load cost there. Several hosts in the URL are several nodes. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "result.hpp"

namespace relay::bench {

class RedisInfo {
 public:
  // "host:port" and the fields of its INFO; empty fields: it did not answer.
  struct Page {
    std::string address;
    std::map<std::string, std::string> fields;
  };
  using Pages = std::vector<Page>;

  // Empty `url`: watches nothing. Asks each node once. Errors: kInvalid "bad_redis_url" (also for rediss://,
  // which is not spoken here), "no_redis" when a node does not answer or refuses.
  static Result<RedisInfo> make(const std::string& url);
  bool watches_anything() const { return !nodes_.empty(); }
  // Blocks for as long as the nodes take, five seconds each at most.
  Pages take() const;

 private:
  struct Node {
    std::string host;
    std::uint16_t port = 0;
    std::string unix_path;
  };
  Result<Page> ask(const Node& node) const;

  std::vector<Node> nodes_;
  std::string username_;
  std::string password_;
};

// A node that did not answer twice is left out.
std::vector<RedisNode> redis_change(const RedisInfo::Pages& before, const RedisInfo::Pages& after,
                                    std::int64_t elapsed_ns);

}  // namespace relay::bench
