#include "fleet_clients.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace relay::test {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr std::size_t kMostChannels = 12;
constexpr milliseconds kRefusedPause{100};  // before a client that was refused asks again

Wire wire_of(RoamingClient::Kind kind) {
  if (kind == RoamingClient::Kind::kSse) return Wire::kSse;
  return kind == RoamingClient::Kind::kSseJson ? Wire::kSseJson : Wire::kWsJson;
}

// On raw SSE streams the payload says which channel it is of: "CHANNEL …".
std::string channel_of(const Item& item) {
  return item.channel.empty() ? item.data.substr(0, item.data.find(' ')) : item.channel;
}

}  // namespace

void RoamingClient::connect(StreamSet& streams, std::uint16_t port) {
  auto stream = std::make_unique<Stream>(port, wire_of(kind_), query());
  stream_ = &streams.add(std::move(stream));
  port_ = port;
  ++streams_;
  taken_ = 0;
  commands_sent_ = false;
  subscribed_.clear();
}

// A WebSocket's messages carry ids of their channels alone: its later streams subscribe to each channel by a
// command.
std::string RoamingClient::query() const {
  if (kind_ == Kind::kWsCommands || (is_ws() && streams_ > 0)) return "format=json";
  std::string text;
  for (const std::string& channel : channels_) text += (text.empty() ? "channel=" : "&channel=") + channel;
  return text + (is_ws() ? "&after=0" : "&last_event_id=" + cursor_);
}

void RoamingClient::subscribe_by_commands() {
  commands_sent_ = true;
  for (const std::string& channel : channels_) {
    const auto cursor = cursors_.find(channel);
    const std::string after = cursor == cursors_.end() ? "0" : cursor->second;
    stream_->send_text(R"({"type":"subscribe","channel":")" + channel + R"(","after":")" + after + "\"}");
  }
}

bool RoamingClient::subscribed() const {
  if (stream_ == nullptr || !stream_->live()) return false;
  return !is_ws() || subscribed_.size() == channels_.size();
}

void RoamingClient::absorb() {
  if (stream_ == nullptr) return;
  const bool by_commands = kind_ == Kind::kWsCommands || (is_ws() && streams_ > 1);
  if (by_commands && !commands_sent_ && stream_->live()) subscribe_by_commands();
  for (const std::vector<Item>& items = stream_->items(); taken_ < items.size(); ++taken_)
    take(items[taken_]);
  if (!is_ws() && !stream_->last_event_id().empty()) cursor_ = stream_->last_event_id();
}

void RoamingClient::take(const Item& item) {
  if (item.kind == Item::Kind::kOther) return take_subscribed(item);
  if (item.kind == Item::Kind::kGap) ++gaps_;
  if (item.kind == Item::Kind::kMessage) {
    if (is_ws()) cursors_[channel_of(item)] = std::to_string(item.id);
    payloads_.insert(item.data);
  }
  items_.push_back(item);
}

void RoamingClient::take_subscribed(const Item& item) {
  if (item.event == "error") throw std::runtime_error("a client was told: " + item.data);
  if (item.event != "subscribed") return;
  subscribed_.insert(item.channel);
  // "subscribed" comes before the first message: what came on an earlier stream is not above its cursor.
  cursors_[item.channel] = Json::parse(item.data).at("cursor").get<std::string>();
}

void RoamingClient::note_ending() {
  if (stream_ == nullptr) return;
  endings_.push_back("status " + std::to_string(stream_->status()) + ", close code " +
                     std::to_string(stream_->close_code()) + ' ' + stream_->body());
  stream_ = nullptr;
}

RoamingClients::RoamingClients(std::size_t count, const std::string& prefix, std::size_t channels) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::set<std::string> wanted;
    for (std::size_t c = 0; c <= i % kMostChannels; ++c)
      wanted.insert(prefix + std::to_string(next++ % channels));
    clients_.emplace_back(static_cast<RoamingClient::Kind>((i + i / kMostChannels) % 4), std::move(wanted));
  }
  again_at_.resize(count);
}

bool RoamingClients::connect(milliseconds limit) {
  return run_until([this] { return all_subscribed(); }, limit);
}

void RoamingClients::look_after_them() {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    RoamingClient& client = clients_[i];
    client.absorb();
    if (!client.ended()) continue;
    client.note_ending();
    if (Clock::now() < again_at_[i]) continue;
    again_at_[i] = Clock::now() + kRefusedPause;
    try {
      client.connect(streams_, ports_[next_port_++ % ports_.size()]);
    } catch (const std::runtime_error&) {
      // Nobody listens there: the next one is asked after the pause.
    }
  }
}

bool RoamingClients::run_until(const std::function<bool()>& done, milliseconds limit) {
  return streams_.run_until(
      [&] {
        look_after_them();
        return done();
      },
      limit);
}

void RoamingClients::run_for(milliseconds time) {
  const auto until = Clock::now() + time;
  run_until([&] { return Clock::now() >= until; }, time + std::chrono::seconds(10));
}

bool RoamingClients::all_subscribed() const {
  return std::all_of(clients_.begin(), clients_.end(),
                     [](const RoamingClient& client) { return client.subscribed(); });
}

std::size_t RoamingClients::disconnects() const {
  std::size_t sum = 0;
  for (const RoamingClient& client : clients_) sum += client.endings().size();
  return sum;
}

std::size_t RoamingClients::clients_with_gaps() const {
  return static_cast<std::size_t>(std::count_if(
      clients_.begin(), clients_.end(), [](const RoamingClient& client) { return client.gaps() > 0; }));
}

std::size_t RoamingClients::present(const std::string& channel) const {
  return static_cast<std::size_t>(
      std::count_if(clients_.begin(), clients_.end(), [&](const RoamingClient& client) {
        return client.subscribed() && client.channels().count(channel) != 0;
      }));
}

}  // namespace relay::test
