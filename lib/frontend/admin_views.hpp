// Channels and clients of one loop as an operator sees them, and the way to end them. Loop thread only.
//
// A list, and the end of all who listen to a channel, take as many turns of the loop as there is to look at:
// what says `in_turn` does a bounded part of it, adds to what there is so far and says whether there is more.
// Clients are looked at by number, so that none is listed twice or left out. One client is found by its
// number.
#pragma once

#include <cstdint>
#include <map>
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
// The first `limit` in order, when it is whole.
struct ChannelList {
  std::map<std::string, ChannelView> views;
  hub::Hubs::Topics::Position position{};
};
bool list_channels_in_turn(const LoopContext& context, const ChannelQuery& query, ChannelList& list);
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
struct ClientList {
  std::vector<ClientView> views;
  std::uint32_t looked_at = 0;  // up to this number
};
bool list_clients_in_turn(const LoopContext& context, const ClientQuery& query, ClientList& list);

struct ClientDetail {
  ClientView view;
  std::vector<std::string> channels;  // at most kAdminPage
};
std::optional<ClientDetail> client_of(const LoopContext& context, std::uint32_t number);

// Ends clients politely, with a reason where the wire has a word for it: those who were there at the
// beginning.
struct Kicked {
  std::size_t clients = 0;
  std::uint32_t looked_at = 0;  // up to this number, of
  std::uint32_t last = 0;
};
bool kick_channel_in_turn(LoopContext& context, const std::string& channel, const std::string& reason,
                          Kicked& kicked);
// Whether it was there.
bool kick_client(LoopContext& context, std::uint32_t number, const std::string& reason);

}  // namespace relay::frontend
