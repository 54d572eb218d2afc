#include "load/subscriber.hpp"

#include <algorithm>

#include "load/population.hpp"

namespace relay::bench {

namespace {

constexpr milliseconds kDialTimeout{10'000};

}  // namespace

// The connection's side of it: lives as long as the connection does.
class SubscriberLink final : public net::ConnectionHandler {
 public:
  explicit SubscriberLink(Subscriber& subscriber) : subscriber_(&subscriber) {}
  ~SubscriberLink() override {
    if (subscriber_ != nullptr) subscriber_->on_cut();
  }
  void detach() { subscriber_ = nullptr; }
  void on_data(std::string_view bytes) override {
    if (subscriber_ != nullptr) subscriber_->on_data(bytes);
  }
  void on_deadline() override {
    if (subscriber_ != nullptr) subscriber_->on_deadline();
  }

 private:
  Subscriber* subscriber_;
};

// From reconnecting until all is here that was sent when the stream was live again.
struct Subscriber::Replay {
  std::vector<std::uint32_t> targets;  // by tracker; 0: nothing to wait for, or here already
  std::uint32_t pending = 0;
};

Subscriber::Subscriber(Station& station, Population& population, std::uint32_t number, bool slow)
    : station_(station),
      population_(population),
      checker_(station.setup.layout.trackers()),
      number_(number),
      slow_(slow) {}

Subscriber::~Subscriber() {
  leave(false);
}

Transport Subscriber::transport() const {
  const auto& transports = station_.plan.target.transports;
  return transports[number_ % transports.size()];
}

void Subscriber::open() {
  const Layout& layout = station_.setup.layout;
  std::vector<std::string> channels;
  for (std::uint32_t i = 0; i < layout.each(); ++i) {
    const std::size_t channel = (layout.first_channel(number_) + i) % station_.plan.shape.channels;
    channels.push_back(station_.setup.channels[channel]);
  }
  resuming_ = !last_id_.empty();
  const StreamRequest request{number_, transport(), channels, station_.token_of(number_), last_id_};
  dialed_ = station_.now();
  state_ = State::kDialing;
  auto dialled = station_.setup.stream_dialer.dial(station_.loop, station_.metrics, station_.connections);
  if (!dialled) return give_up(dialled.error().code, dialled.error().message);
  reader_ = station_.setup.driver.stream_reader(request);
  connection_ = *dialled;
  auto link = std::make_unique<SubscriberLink>(*this);
  link_ = link.get();
  connection_->become(std::move(link));
  connection_->set_deadline(kDialTimeout);
  std::string out;
  station_.setup.driver.open_stream(request, out);
  connection_->send_copy(out);
}

void Subscriber::leave(bool resume) {
  if (connection_ != nullptr) {
    link_->detach();
    connection_->close();
    connection_ = nullptr;
    link_ = nullptr;
  }
  if (state_ == State::kLive) population_.on_gone();
  state_ = State::kAway;
  note_unfinished_replay();
  if (resume) return;
  last_id_.clear();
  heard_ = 0;
}

void Subscriber::give_up(std::string_view kind, std::string_view why) {
  const bool dialing = state_ == State::kDialing;
  leave(true);
  if (dialing) {
    ++station_.tally.connect_errors;
    if (Figures* figures = station_.figures_at(station_.now())) ++figures->connect_errors;
  }
  station_.tally.fail(kind, why);
  population_.on_lost(*this);
}

void Subscriber::on_cut() {
  connection_ = nullptr;
  link_ = nullptr;
  if (state_ == State::kDialing)
    return give_up("connect_cut", "the connection ended before the stream began");
  if (slow_) return give_up("slow_cut", "the server cut off a slow reader");
  give_up("stream_cut", "the connection ended without a word");
}

void Subscriber::on_deadline() {
  if (state_ == State::kDialing) give_up("connect_timeout", "no stream within 10 s");
}

void Subscriber::on_refused(int status, std::string_view text) {
  give_up((state_ == State::kDialing ? "connect_" : "stream_closed_") + std::to_string(status), text);
}

void Subscriber::on_end() {
  give_up("stream_ended", "the server ended the stream");
}

void Subscriber::reply(std::string_view bytes) {
  if (connection_ != nullptr) connection_->send_copy(bytes);
}

// Hot: once per read. All that came with it came now: the clock is read once.
void Subscriber::on_data(std::string_view bytes) {
  read_at_ = station_.now();
  reader_->on_data(bytes, *this);
  if (slow_ && state_ == State::kLive) connection_->pause_reading();
}

void Subscriber::read_a_little() {
  if (state_ == State::kLive) connection_->resume_reading();
}

void Subscriber::on_live() {
  if (state_ != State::kDialing) return;
  state_ = State::kLive;
  connection_->clear_deadline();
  const std::int64_t took = read_at_ - dialed_;
  station_.tally.interval.connect.record(took);
  if (Figures* figures = station_.figures_at(dialed_)) {
    (*figures)[Latency::kConnect].record(took);
    ++figures->connected;
  } else {
    station_.tally.connect.record(took);
  }
  ++station_.tally.connected;
  population_.on_live();
  if (heard_ == 0) heard_ = read_at_;
  if (resuming_ && tracked_) {
    begin_replay();
  } else {
    begin_trackers();
  }
}

void Subscriber::begin_trackers() {
  const Layout& layout = station_.setup.layout;
  tracked_ = true;
  for (std::uint32_t i = 0; i < layout.trackers(); ++i) {
    if (const auto stream = layout.stream_of_tracker(number_, i)) {
      checker_.begin(i, station_.setup.board.sent(*stream).load());
    }
  }
}

void Subscriber::begin_replay() {
  const Layout& layout = station_.setup.layout;
  replay_ = std::make_unique<Replay>();
  replay_->targets.resize(layout.trackers());
  for (std::uint32_t i = 0; i < layout.trackers(); ++i) {
    const auto stream = layout.stream_of_tracker(number_, i);
    if (!stream) continue;
    const std::uint32_t sent = station_.setup.board.sent(*stream).load();
    if (checker_.is_past(i, sent)) continue;
    replay_->targets[i] = sent;
    ++replay_->pending;
  }
  if (replay_->pending == 0) end_replay();
}

void Subscriber::watch_replay(std::uint32_t tracker) {
  std::uint32_t& target = replay_->targets[tracker];
  if (target == 0 || !checker_.is_past(tracker, target)) return;
  target = 0;
  if (--replay_->pending == 0) end_replay();
}

void Subscriber::end_replay() {
  if (Figures* figures = station_.figures_at(dialed_))
    (*figures)[Latency::kReplay].record(read_at_ - dialed_);
  replay_.reset();
}

// One that took too long for the run to see its end: the percentiles know only those that were quicker.
void Subscriber::note_unfinished_replay() {
  if (replay_ == nullptr) return;
  station_.tally.fail("replay_unfinished",
                      "a subscriber was gone again, or the run over, before it had what it missed: "
                      "replay has no value of it");
  replay_.reset();
}

void Subscriber::on_gap(std::string_view text) {
  station_.tally.fail("gap", text);
}

// Hot: once per delivery.
void Subscriber::on_message(std::string_view payload, std::string_view id) {
  ++station_.tally.interval.delivered;
  if (read_at_ - heard_ > silence_) silence_ = read_at_ - heard_;
  heard_ = read_at_;
  if (!id.empty()) last_id_.assign(id);
  PayloadHead head;
  const PayloadState read = read_payload(payload, head);
  if (read == PayloadState::kGood && head.run == station_.setup.run) return check(head, id);
  if (read == PayloadState::kCorrupt) {
    ++station_.tally.delivery.corrupt;
    return blame("corrupt", head, id);
  }
  ++station_.tally.delivery.foreign;
  blame("foreign", {}, id);
}

void Subscriber::check(const PayloadHead& head, std::string_view id) {
  const Layout& layout = station_.setup.layout;
  Delivery& delivery = station_.tally.delivery;
  const auto stream = layout.stream_of(head.publisher, head.channel);
  const auto tracker = stream ? layout.tracker_of(number_, *stream) : std::nullopt;
  if (!tracker) {
    ++delivery.foreign;
    return blame("foreign", head, id);
  }
  switch (checker_.take(*tracker, head.sequence)) {
    case Checker::Verdict::kNew:
      ++delivery.received;
      break;
    case Checker::Verdict::kReordered:
      ++delivery.received;
      ++delivery.reordered;
      blame("reordered", head, id);
      break;
    case Checker::Verdict::kDuplicate:
      ++delivery.duplicate;
      blame("duplicate", head, id);
      break;
    case Checker::Verdict::kEarly:
      break;
  }
  time_delivery(head);
  if (replay_ != nullptr) watch_replay(*tracker);
}

// What was caught up after a reconnect is a replay, not a slow delivery.
void Subscriber::time_delivery(const PayloadHead& head) {
  const std::int64_t end_to_end = read_at_ - head.intended_ns;
  Figures* figures = station_.figures_at(head.intended_ns);
  if (figures != nullptr) ++figures->delivered;
  if (replay_ != nullptr || slow_) return;
  station_.tally.interval.end_to_end.record(end_to_end);
  if (end_to_end > std::chrono::duration_cast<Nanoseconds>(station_.plan.grace).count()) {
    ++station_.tally.delivery.late;
    blame("late", head, {});
  }
  if (figures == nullptr) return;
  (*figures)[Latency::kEndToEnd].record(end_to_end);
  (*figures)[Latency::kService].record(read_at_ - head.sent_ns);
}

void Subscriber::blame(const char* kind, const PayloadHead& head, std::string_view id) {
  Tally& tally = station_.tally;
  if (tally.delivery.samples.size() >= Delivery::kMaxSamples) return;
  const auto& channels = station_.setup.channels;
  tally.blame({kind, head.channel < channels.size() ? channels[head.channel] : std::string(), std::string(id),
               number_, head.publisher, head.sequence});
}

bool Subscriber::is_whole() const {
  if (state_ != State::kLive || slow_) return true;
  const Layout& layout = station_.setup.layout;
  for (std::uint32_t i = 0; i < layout.trackers(); ++i) {
    const auto stream = layout.stream_of_tracker(number_, i);
    if (stream && !checker_.is_past(i, station_.setup.board.sent(*stream).load())) return false;
  }
  return true;
}

void Subscriber::begin_silence(std::int64_t now) {
  silence_ = 0;
  if (heard_ != 0) heard_ = now;
}

void Subscriber::end_silence(std::int64_t now) {
  if (heard_ != 0) silence_ = std::max(silence_, now - heard_);
  if (silence_ > 0 && !slow_) station_.tally.silence.record(silence_);
}

void Subscriber::finish() {
  if (state_ != State::kLive || slow_) return;
  note_unfinished_replay();
  const Layout& layout = station_.setup.layout;
  for (std::uint32_t i = 0; i < layout.trackers(); ++i) {
    if (const auto stream = layout.stream_of_tracker(number_, i)) {
      checker_.finish(i, station_.setup.board.sent(*stream).load());
    }
  }
}

}  // namespace relay::bench
