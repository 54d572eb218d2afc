// GET /v1/channels/{channel}/messages: what is kept after a cursor; with `wait`, a long poll for what comes
// next.
#include "base/text.hpp"
#include "frontend/errors.hpp"
#include "frontend/frames.hpp"
#include "frontend/handlers.hpp"
#include "frontend/parameters.hpp"

namespace relay::frontend {
namespace {

constexpr std::int64_t kDefaultLimit = 100;

struct HistoryRequest {
  hub::ChannelName channel;
  MessageId after = 0;
  std::int64_t limit = kDefaultLimit;
  Milliseconds wait{0};
};

Result<HistoryRequest> read_request(Exchange& exchange, const options::HistoryOptions& bounds) {
  if (const auto good = hub::check_channel_name(exchange.parameter()); !good) return good.error();
  const auto query = QueryParameters::parse(exchange.request().query());
  if (!query) return query.error();
  HistoryRequest request;
  request.channel = hub::ChannelName::copy_of(exchange.parameter());
  if (const auto text = query->first("after"); text && !text->empty()) {
    const auto after = parse_cursor(*text);
    if (!after) return after.error();
    request.after = after->in(exchange.context().hub.partition_of(request.channel.view()));
  }
  if (const auto text = query->first("limit")) {
    const auto limit = parse_count(*text, "limit", 1, bounds.max_limit);
    if (!limit) return limit.error();
    request.limit = *limit;
  }
  if (const auto text = query->first("wait")) {
    const auto wait = parse_duration(*text, "wait");
    if (!wait) return wait.error();
    request.wait = std::min(*wait, bounds.max_wait);
  }
  return request;
}

// The answer as it grows. The cursor is where the next request goes on.
class HistoryAnswer {
 public:
  HistoryAnswer(hub::ChannelName channel, MessageId after) : channel_(std::move(channel)), cursor_(after) {}
  std::size_t count() const { return count_; }
  void add(const hub::Message& message) {
    if (count_++ > 0) messages_ += ',';
    append_message_json(messages_, message, false);
    messages_.insert(messages_.size() - 1, ",\"published\":" + json_string(rfc3339(message.published_ms())));
    cursor_ = std::max(cursor_, message.id());
  }
  void go_on_after(MessageId id) { cursor_ = std::max(cursor_, id); }
  void set_gap(const hub::Gap& gap) { gap_ = gap_json(gap, false); }
  bool has_gap() const { return !gap_.empty(); }
  wire::HttpResponse response(bool more) const {
    std::string body = "{\"channel\":";
    append_json_string(body, channel_.view());
    body += ",\"messages\":[" + messages_ + "],\"cursor\":\"" + std::to_string(cursor_) + "\",\"more\":";
    body += more ? "true" : "false";
    if (!gap_.empty()) body += ",\"gap\":" + gap_;
    wire::HttpResponse response = json_response(200, body + "}\n");
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
  }

 private:
  hub::ChannelName channel_;
  MessageId cursor_;
  std::string messages_;
  std::string gap_;
  std::size_t count_ = 0;
};

// A long poll: subscribes after the cursor, answers with the first message, everything there is with it, or
// nothing at the deadline.
class LongPoll final : public Waiter, public hub::Subscriber, public Listening {
 public:
  LongPoll(const ExchangePtr& exchange, HistoryRequest request)
      : exchange_(*exchange),
        context_(exchange->context()),
        answer_(request.channel, request.after),
        request_(std::move(request)) {
    number_ = context_.enlist(exchange->connection(), *this);
    since_ms_ = context_.loop.clock().wall_ms();
    context_.metrics.add(metrics::Gauge::kClientsLongPoll, 1);
  }
  ~LongPoll() override {
    context_.delist(number_);
    context_.metrics.add(metrics::Gauge::kClientsLongPoll, -1);
  }
  void start() {
    hub::StreamRequest request{{request_.channel}, request_.after};
    request.goes_back = false;  // its next poll, from within a long answer, would go back again
    exchange_.context().hub.subscribe(subscription_, std::move(request));
  }

  void on_deadline() override { answer(); }
  void on_live(hub::Subscription&) override {}
  void on_message(hub::Subscription&, hub::Delivery& delivery, bool replayed) override {
    if (full()) {
      more_ = true;
    } else {
      answer_.add(delivery.message());
    }
    if (!replayed || full()) answer();
  }
  void on_gap(hub::Subscription&, const hub::Gap& gap) override {
    answer_.set_gap(gap);
    missing_ = gap.gone;
  }
  void on_caught_up(hub::Subscription&) override {
    if (!full()) answer_.go_on_after(missing_);
    if (answer_.count() > 0 || answer_.has_gap()) answer();
  }
  void on_failed(hub::Subscription&, const Error& error) override {
    exchange_.respond(error_response(error));
  }
  bool congested() const override { return full(); }  // a full answer needs no more replay
  hub::SubscriberInfo info() const override {
    return {context_.client_id(number_), "longpoll", since_ms_, number_, 1};
  }
  std::vector<hub::ChannelName> channels() const override { return {request_.channel}; }

 private:
  bool full() const { return answer_.count() >= static_cast<std::size_t>(request_.limit); }
  void answer() { exchange_.respond(answer_.response(more_ || full())); }

  Exchange& exchange_;  // may go before this does, once it is answered
  LoopContext& context_;
  HistoryAnswer answer_;
  HistoryRequest request_;
  hub::Subscription subscription_{*this};
  std::int64_t since_ms_ = 0;
  std::uint32_t number_ = 0;
  MessageId missing_ = 0;  // up to here, as a gap told
  bool more_ = false;
};

void answer_at_once(const ExchangePtr& exchange, HistoryRequest request) {
  LoopContext& context = exchange->context();
  hub::ReadQuery query;
  query.channel = request.channel;
  query.after = request.after;
  query.limit = static_cast<std::uint32_t>(request.limit);
  query.max_age = context.hub.options_of(request.channel.view()).max_age;
  context.hub.read(std::move(query), [exchange, request](Result<hub::ReadAnswer> read) {
    if (!read) return exchange->respond(error_response(read.error()));
    const hub::Page& page = read->pages.front();
    HistoryAnswer answer(request.channel, request.after);
    const bool lost_before = request.after + 1 < read->epoch;
    const MessageId lost = std::max(page.gone, lost_before ? read->epoch - 1 : 0);
    if (request.after != 0 && request.after < lost) {
      // Where the data parted from the cursor's life: whoever asks from there misses nothing.
      const MessageId from = lost_before ? read->common(request.after) : request.after;
      answer.set_gap({request.channel, from, page.messages.empty() ? lost + 1 : page.messages.front()->id()});
      if (page.messages.empty()) answer.go_on_after(lost);
    }
    for (const hub::MessagePtr& message : page.messages) answer.add(*message);
    exchange->respond(answer.response(page.more));
  });
}

}  // namespace

void handle_history(const ExchangePtr& exchange) {
  LoopContext& context = exchange->context();
  auto request = read_request(*exchange, context.settings->options.history);
  if (!request) return exchange->respond(error_response(request.error()));
  if (request->wait.count() == 0) return answer_at_once(exchange, std::move(*request));
  const Milliseconds wait = request->wait;
  auto poll = std::make_unique<LongPoll>(exchange, std::move(*request));
  LongPoll& waiter = *poll;
  exchange->wait(std::move(poll), wait);
  waiter.start();
}

}  // namespace relay::frontend
