#include "load/publisher.hpp"

#include <algorithm>

namespace relay::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kAnswerTimeout = 10 * kSecond;
constexpr std::int64_t kRedialAfter = kSecond / 5;
constexpr std::size_t kOpenWindow = 1024;
constexpr std::size_t kMaxWaiting =
    16 * 1024;  // then the server is far behind, and a message is not sent at all

std::size_t window_of(const Station& station) {
  if (!station.setup.driver.traits().pipelines) return 1;
  const Shape& shape = station.plan.shape;
  if (shape.window > 0) return shape.window;
  return shape.closed ? 1 : kOpenWindow;
}

// The same for the same seed, whoever asks.
std::uint64_t mix(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

}  // namespace

class PublisherLink final : public net::ConnectionHandler {
 public:
  explicit PublisherLink(Publisher& publisher) : publisher_(&publisher) {}
  ~PublisherLink() override {
    if (publisher_ != nullptr) publisher_->on_cut();
  }
  void detach() { publisher_ = nullptr; }
  void on_data(std::string_view bytes) override {
    if (publisher_ != nullptr) publisher_->on_data(bytes);
  }

 private:
  Publisher* publisher_;
};

Publisher::Publisher(Station& station, Exceptions& exceptions, std::uint32_t number)
    : station_(station), exceptions_(exceptions), window_(window_of(station)), number_(number) {}

void Publisher::tick(std::int64_t now) {
  if (connection_ == nullptr && now >= dial_at_ && !(halted_ && waiting_.empty())) dial();
  if (!under_way_.empty() && now - under_way_.front().sent > kAnswerTimeout) {
    drop("publish_timeout", "no answer within 10 s");
  }
}

void Publisher::dial() {
  dial_at_ = station_.now() + kRedialAfter;
  auto dialled = station_.setup.publish_dialer.dial(station_.loop, station_.metrics, station_.connections);
  if (!dialled) return station_.tally.fail("publisher_" + dialled.error().code, dialled.error().message);
  const Driver& driver = station_.setup.driver;
  reader_ = driver.publish_reader();
  connection_ = *dialled;
  auto link = std::make_unique<PublisherLink>(*this);
  link_ = link.get();
  connection_->become(std::move(link));
  first_ref_ = 1;
  if (driver.traits().ready_at_once) return on_ready();
  std::string out;
  driver.open_publisher(station_.token_of(number_), out);
  connection_->send_copy(out);
}

void Publisher::on_ready() {
  ready_ = true;
  if (closed_loop_) run_closed();
  send_waiting();
}

void Publisher::publish(std::int64_t intended) {
  if (waiting_.empty() && has_room()) return send(intended);
  if (waiting_.size() < kMaxWaiting) return waiting_.push_back(intended);
  leave_out(intended);
}

void Publisher::leave_out(std::int64_t intended) {
  if (Figures* figures = station_.figures_at(intended)) ++figures->publish_errors;
  station_.tally.fail("publish_not_sent",
                      "the server was so far behind with its answers that a message was left out");
}

void Publisher::run_closed() {
  closed_loop_ = true;
  while (!halted_ && has_room()) send(station_.now());
}

void Publisher::send_waiting() {
  while (!waiting_.empty() && has_room()) {
    send(waiting_.front());
    waiting_.pop_front();
  }
}

// Hot: once per publish. The number is on the board before the bytes leave: whoever is live by then must get
// it.
void Publisher::send(std::int64_t intended) {
  const RunSetup& setup = station_.setup;
  const Shape& shape = station_.plan.shape;
  const std::uint32_t stream = setup.layout.stream_of_publisher(number_, turn_++);
  const std::uint32_t channel = setup.layout.channel_of(stream);
  const std::uint32_t sequence = setup.board.sent(stream).load(std::memory_order_relaxed) + 1;
  setup.board.sent(stream).store(sequence);
  const std::uint64_t chance = mix(station_.plan.seed ^ (std::uint64_t{stream} << 32 | sequence));
  const std::uint64_t size = shape.size_min + chance % (shape.size_max - shape.size_min + 1);
  const std::int64_t now = station_.now();
  payload_.clear();
  append_payload(payload_, {setup.run, number_, channel, sequence, intended, now},
                 station_.padding.take(size - kMinPayload, chance >> 32));
  request_.clear();
  const PublishRequest request{setup.channels[channel], payload_, station_.token_of(number_),
                               first_ref_ + under_way_.size(), shape.ephemeral};
  setup.driver.publish(request, request_);
  connection_->send_copy(request_);
  under_way_.push_back({intended, now, stream, sequence, false});
}

void Publisher::on_data(std::string_view bytes) {
  read_at_ = station_.now();
  reader_->on_data(bytes, *this);
}

// Answers by ref may come in any order; those without one are for the oldest message without an answer.
void Publisher::on_answer(const PublishAnswer& answer) {
  std::size_t place = 0;
  if (answer.ref) {
    place = static_cast<std::size_t>(*answer.ref - first_ref_);
    if (*answer.ref < first_ref_ || place >= under_way_.size() || under_way_[place].answered) return;
  } else if (under_way_.empty()) {
    return station_.tally.fail("publish_stray_answer", "an answer that belongs to no message");
  }
  settle(under_way_[place], answer);
  while (!under_way_.empty() && under_way_.front().answered) {
    under_way_.pop_front();
    ++first_ref_;
  }
  if (closed_loop_) run_closed();
  send_waiting();
}

void Publisher::settle(Message& message, const PublishAnswer& answer) {
  message.answered = true;
  if (answer.kind != PublishAnswer::Kind::kStored) {
    return fail(message, answer.kind == PublishAnswer::Kind::kUnknown,
                "publish_" + std::to_string(answer.status), answer.text);
  }
  ++station_.tally.interval.published;
  if (Figures* figures = station_.figures_at(message.intended)) {
    ++figures->published;
    (*figures)[Latency::kPublish].record(read_at_ - message.sent);
  }
}

void Publisher::fail(const Message& message, bool unknown, std::string_view kind, std::string_view why) {
  exceptions_.add({message.stream, message.sequence, unknown});
  if (Figures* figures = station_.figures_at(message.intended)) ++figures->publish_errors;
  station_.tally.fail(kind, why);
}

void Publisher::on_refused(int status, std::string_view text) {
  drop("publisher_" + std::to_string(status), text);
}

void Publisher::reply(std::string_view bytes) {
  if (connection_ != nullptr) connection_->send_copy(bytes);
}

// A server may end a connection on which nothing happens; that is no error.
void Publisher::on_cut() {
  connection_ = nullptr;
  link_ = nullptr;
  if (ready_ && under_way_.empty()) {
    ready_ = false;
    return;
  }
  drop("publisher_cut", "the connection ended without a word");
}

void Publisher::close() {
  ready_ = false;
  if (connection_ == nullptr) return;
  link_->detach();
  connection_->close();
  connection_ = nullptr;
  link_ = nullptr;
}

void Publisher::drop(std::string_view kind, std::string_view why) {
  close();
  if (under_way_.empty()) station_.tally.fail(kind, why);
  for (const Message& message : under_way_) {
    if (!message.answered) fail(message, true, kind, why);
  }
  under_way_.clear();
  dial_at_ = station_.now() + kRedialAfter;
}

void Publisher::abandon() {
  halt();
  for (const std::int64_t intended : waiting_) leave_out(intended);
  waiting_.clear();
  if (!under_way_.empty()) drop("publish_unanswered", "no answer by the end of the run");
}

}  // namespace relay::bench
