// Clients that roam: each wants its channels whole, and goes on at another relayd with its cursor when its
// stream ends.
//
// All on one thread, over one StreamSet: run_until() moves bytes, takes in what came and opens again what
// ended. A quarter of them each: SSE as it is, SSE with JSON, WebSocket with its channels in the URL,
// WebSocket that subscribes by commands.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "support/checker.hpp"
#include "support/streams.hpp"

namespace relay::test {

class RoamingClient {
 public:
  enum class Kind { kSse, kSseJson, kWsUrl, kWsCommands };
  RoamingClient(Kind kind, std::set<std::string> channels) : kind_(kind), channels_(std::move(channels)) {}

  // Opens a stream that goes on where the last one ended. Throws std::runtime_error if nobody listens there.
  void connect(StreamSet& streams, std::uint16_t port);
  // Takes in what came since the last time.
  void absorb();

  Kind kind() const { return kind_; }
  const std::set<std::string>& channels() const { return channels_; }
  const std::vector<Item>& items() const { return items_; }  // over all its streams
  bool has(const std::string& payload) const { return payloads_.count(payload) != 0; }
  std::size_t gaps() const { return gaps_; }
  std::size_t streams() const { return streams_; }  // 1: was never disconnected
  std::uint16_t port() const { return port_; }      // of the relayd it is at
  // What ended its streams before this one.
  const std::vector<std::string>& endings() const { return endings_; }

  // Its stream has ended, or was refused.
  bool ended() const {
    return stream_ == nullptr || stream_->ended() || (stream_->answered() && !stream_->live());
  }
  bool subscribed() const;  // to all its channels, on the stream it has now
  void note_ending();

 private:
  void take(const Item& item);
  void take_subscribed(const Item& item);
  std::string query() const;
  void subscribe_by_commands();
  bool is_ws() const { return kind_ == Kind::kWsUrl || kind_ == Kind::kWsCommands; }

  const Kind kind_;
  const std::set<std::string> channels_;
  Stream* stream_ = nullptr;
  std::uint16_t port_ = 0;
  std::size_t streams_ = 0;
  std::size_t taken_ = 0;  // of stream_->items()
  bool commands_sent_ = false;
  std::string cursor_ = "0";                    // of SSE
  std::map<std::string, std::string> cursors_;  // of WebSocket, by channel
  std::set<std::string> subscribed_;            // channels the stream says it has
  std::vector<Item> items_;
  std::unordered_set<std::string> payloads_;
  std::vector<std::string> endings_;
  std::size_t gaps_ = 0;
};

class RoamingClients {
 public:
  using Clock = std::chrono::steady_clock;

  // `count` clients on 1 to 12 of the channels `prefix`0 to `prefix`<channels - 1> each; begins with
  // everything kept.
  RoamingClients(std::size_t count, const std::string& prefix, std::size_t channels);

  // Spread over these relayds; may be changed while they are connected: who is at another port stays there.
  void set_ports(std::vector<std::uint16_t> ports) { ports_ = std::move(ports); }
  // False if they are not all subscribed within `limit`.
  bool connect(std::chrono::milliseconds limit = std::chrono::seconds(20));

  bool run_until(const std::function<bool()>& done,
                 std::chrono::milliseconds limit = std::chrono::seconds(20));
  void run_for(std::chrono::milliseconds time);

  const std::vector<RoamingClient>& all() const { return clients_; }
  bool all_subscribed() const;
  std::size_t disconnects() const;
  std::size_t clients_with_gaps() const;
  // How many are subscribed to `channel` at one of the ports.
  std::size_t present(const std::string& channel) const;

 private:
  void look_after_them();

  StreamSet streams_;
  std::vector<RoamingClient> clients_;
  std::vector<Clock::time_point> again_at_;  // no sooner does a client connect
  std::vector<std::uint16_t> ports_;
  std::size_t next_port_ = 0;
};

}  // namespace relay::test
