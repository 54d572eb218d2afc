#include "storage/redis/redis_link.hpp"

#include <boost/asio/post.hpp>
#include <cassert>

namespace relay::redis {
namespace asio = boost::asio;

namespace {
constexpr std::size_t kInputBytes = 64 * 1024;
constexpr std::size_t kKeptOutput = 256 * 1024;  // a larger buffer gives its memory back
}  // namespace

RedisLink::RedisLink(net::IoLoop& loop, const RedisSettings& settings, std::string name, Events events)
    : loop_(loop),
      settings_(settings),
      name_(std::move(name)),
      events_(std::move(events)),
      input_(kInputBytes) {}

void RedisLink::open() {
  auto stream = make_stream(loop_.context(), settings_);
  if (!stream) {
    asio::post(loop_.context(),
               [self = shared_from_this(), why = stream.error().message] { self->lose(why); });
    return;
  }
  stream_ = std::move(*stream);
  stream_->connect([self = shared_from_this()](ByteStream::Failure failure) {
    if (self->closed_) return self->stream_->close();  // closed between two steps of connecting
    if (failure) return self->lose("cannot connect: " + failure.message());
    self->connected_ = true;
    self->read();
    self->greet();
  });
}

void RedisLink::greet() {
  const options::RedisUrl& server = settings_.server;
  if (!server.password.empty()) {
    send(
        [&](std::string& out) {
          if (server.username.empty()) return wire::append_command(out, {"AUTH", server.password});
          wire::append_command(out, {"AUTH", server.username, server.password});
        },
        [this](const Reply& reply) {
          if (reply.value != nullptr && reply.value->is_error())
            lose("AUTH: " + std::string(reply.value->text()));
        });
  }
  if (server.database != 0) {
    send([&](std::string& out) { wire::append_command(out, {"SELECT", std::to_string(server.database)}); },
         [this](const Reply& reply) {
           if (reply.value != nullptr && reply.value->is_error())
             lose("SELECT: " + std::string(reply.value->text()));
         });
  }
  // The name is a courtesy to whoever reads CLIENT LIST: a user that may not set it loses nothing. Its answer
  // tells that the greeting is over.
  send([&](std::string& out) { wire::append_command(out, {"CLIENT", "SETNAME", name_}); },
       [this](const Reply& reply) {
         if (reply.value != nullptr && events_.on_open) events_.on_open();
       });
}

void RedisLink::schedule_flush() {
  if (flush_scheduled_ || closed_) return;
  flush_scheduled_ = true;
  asio::post(loop_.context(), [self = shared_from_this()] {
    self->flush_scheduled_ = false;
    self->flush();
  });
}

void RedisLink::flush() {
  if (closed_ || !connected_ || !writing_.empty() || out_.empty()) return;
  writing_.swap(out_);
  written_ = pending_.size();
  stream_->write(asio::buffer(writing_), [self = shared_from_this()](ByteStream::Failure failure) {
    if (self->closed_) return;
    if (failure) return self->lose("cannot write: " + failure.message());
    self->writing_.clear();
    if (self->writing_.capacity() > kKeptOutput) self->writing_.shrink_to_fit();
    self->flush();
  });
}

void RedisLink::read() {
  stream_->read_some(asio::buffer(input_),
                     [self = shared_from_this()](ByteStream::Failure failure, std::size_t n) {
                       if (self->closed_) return;
                       if (failure == asio::error::eof) return self->lose("Redis closed the connection");
                       if (failure) return self->lose("cannot read: " + failure.message());
                       self->take(std::string_view(self->input_.data(), n));
                       if (!self->closed_) self->read();
                     });
}

void RedisLink::take(std::string_view bytes) {
  const auto fed = reader_.feed(bytes, [this](const wire::RespValue& value) { return dispatch(value); });
  if (!fed && !closed_) lose(fed.error().message);
}

// Hot: every reply and announcement passes here. False once the link is closed.
bool RedisLink::dispatch(const wire::RespValue& value) {
  if (pending_.empty()) {
    events_.on_push(value);
    return !closed_;
  }
  const OnReply on_reply = std::move(pending_.front().on_reply);
  pending_.pop_front();
  if (written_ > 0) --written_;
  on_reply({&value, true});
  return !closed_;
}

void RedisLink::lose(const std::string& why) {
  if (closed_) return;
  const auto on_lost = std::move(events_.on_lost);
  events_.on_lost = nullptr;
  if (on_lost) on_lost(why);
}

void RedisLink::shut() {
  closed_ = true;
  if (stream_) stream_->close();
}

void RedisLink::close() {
  if (closed_) return;
  shut();
  std::deque<Pending> pending;
  pending.swap(pending_);
  for (std::size_t i = 0; i < pending.size(); ++i) pending[i].on_reply({nullptr, i < written_});
}

void RedisLink::abandon() {
  shut();
  pending_.clear();
}

}  // namespace relay::redis
