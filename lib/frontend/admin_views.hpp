// Channels and clients of one loop as an operator sees them, and the way to end them. Loop thread only.
//
// A list goes once over the clients, or the channels, of the loop; one client is found by its number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/context.hpp"
#include "net/address.hpp"

namespace relay::frontend {

struct ChannelView {
  std::string channel;
  std::int64_t subscribers = 0;
  std::int64_t messages = 0;  // fanned out on this loop since somebody listens
  MessageId last = 0;
};
struct ChannelQuery {
  std::string after;    // names above it, in the order of their bytes
  std::string pattern;  // of fnmatch(3); empty: all
  std::size_t limit = 0;
};
// The first `limit` in order.
std::vector<ChannelView> channels_of(const LoopContext& context, const ChannelQuery& query);
std::optional<ChannelView> channel_of(const LoopContext& context, std::string_view channel);

struct ClientView {
  std::string id;
  std::string transport;
  std::string address;
  std::int64_t since_ms = 0;
  std::int64_t channels = 0;
  std::int64_t queued_bytes = 0;
  std::uint32_t number = 0;
  bool slow = false;  // does not read as fast as it is sent to
};
struct ClientQuery {
  std::uint32_t after = 0;  // numbers above it
  std::size_t limit = 0;
  std::optional<net::IpRange> addresses;
  std::string channel;  // empty: any
  bool slow = false;
};
// The first `limit` in the order of their numbers.
std::vector<ClientView> clients_of(const LoopContext& context, const ClientQuery& query);

struct ClientDetail {
  ClientView view;
  std::vector<std::string> channels;  // at most kAdminPage
};
std::optional<ClientDetail> client_of(const LoopContext& context, std::uint32_t number);

// Ends clients politely, with a reason where the wire has a word for it. How many, or whether it was there.
std::size_t kick_channel(LoopContext& context, std::string_view channel, const std::string& reason);
bool kick_client(LoopContext& context, std::uint32_t number, const std::string& reason);

}  // namespace relay::frontend
