#include "storage/redis/inquirer.hpp"

#include <cassert>
#include <utility>

namespace relay::redis {

Inquirer::Inquirer(net::IoLoop& loop, RedisSettings settings, Question question, Take take, Question aside,
                   Note note)
    : loop_(loop),
      settings_(std::move(settings)),
      question_(std::move(question)),
      take_(std::move(take)),
      aside_(std::move(aside)),
      note_(std::move(note)) {}

Inquirer::~Inquirer() {
  if (link_) link_->abandon();
}

void Inquirer::set_places(std::vector<options::RedisHost> places) {
  assert(!places.empty());
  places_ = std::move(places);
}

void Inquirer::ask() {
  if (std::exchange(asking_, true)) return;
  tried_ = 0;
  if (!link_) return connect();
  asked_ = loop_.clock().steady();
  if (open_) send_question();
}

void Inquirer::connect() {
  asked_ = loop_.clock().steady();
  place_ = places_[at_ % places_.size()];
  place_settings_ = settings_for(settings_, place_);
  RedisLink::Events events;
  events.on_open = [this] {
    open_ = true;
    if (asking_) send_question();
  };
  events.on_lost = [this](const std::string& why) { failed(why); };
  events.on_push = [this](const wire::RespValue&) { failed("an unexpected reply"); };
  const std::string name = "relayd-" + settings_.instance + "-" + std::to_string(loop_.index()) + "-topology";
  link_ = std::make_shared<RedisLink>(loop_, place_settings_, name, std::move(events));
  link_->open();
}

void Inquirer::send_question() {
  if (!aside_.empty()) {
    send(aside_, [this](const Reply& reply) {
      if (reply.value != nullptr && !reply.value->is_error()) note_(*reply.value);
    });
  }
  send(question_, [this](const Reply& reply) {
    if (reply.value != nullptr) on_answer(reply);
  });
}

void Inquirer::send(const Question& question, OnReply on_reply) {
  link_->send(
      [&](std::string& out) {
        wire::RespCommand command(out, question.size());
        for (const std::string& word : question) command.arg(word);
      },
      std::move(on_reply));
}

void Inquirer::on_answer(const Reply& reply) {
  if (reply.value->is_error()) return failed(std::string(reply.value->text()));
  const options::RedisHost from = place_;
  if (!take_(*reply.value, from)) return failed("it does not know");
  trouble_.clear();
  asking_ = false;
}

void Inquirer::failed(const std::string& why) {
  trouble_ = node_name(place_settings_) + ": " + why;
  turn_to_next();
  if (!asking_) return;
  if (++tried_ < places_.size()) return connect();
  asking_ = false;
}

void Inquirer::go_on() {
  assert(!asking_);
  turn_to_next();
}

void Inquirer::turn_to_next() {
  close();
  ++at_;
}

void Inquirer::close() {
  open_ = false;
  const auto link = std::exchange(link_, nullptr);
  if (link) link->close();
}

void Inquirer::tick(SteadyTime now) {
  if (asking_ && now - asked_ > kPatience)
    failed("no answer within " + std::to_string(kPatience.count()) + " ms");
}

void Inquirer::stop() {
  asking_ = false;
  close();
}

}  // namespace relay::redis
