#include "hub/message.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace relay;
using namespace relay::hub;

namespace {

Draft full_draft() {
  Draft draft;
  draft.channel = ChannelName::copy_of("room:1");
  draft.event = "price";
  draft.data = "{\"p\":1}";
  draft.is_json = true;
  draft.ttl_ms = 5000;
  draft.from = "a.0.7";
  draft.exclude = {"a.0.7", "a.1.9"};
  draft.trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  return draft;
}

std::vector<std::string> excluded_by(const Message& message) {
  return {message.exclude().begin(), message.exclude().end()};
}

}  // namespace

TEST_CASE("a message says what its draft said") {
  const Draft draft = full_draft();
  const MessageId id = first_id_at(1'700'000'000'000);
  const MessagePtr message = Message::make(id, Draft(draft));
  CHECK(message->id() == id);
  CHECK(message->channel_name().shares_block_with(draft.channel));  // the same bytes, not a copy
  CHECK(message->channel() == "room:1");
  CHECK(message->event() == draft.event);
  CHECK(message->data() == draft.data);
  CHECK(message->is_json());
  CHECK(message->ttl_ms() == 5000);
  CHECK(message->from() == draft.from);
  CHECK(excluded_by(*message) == draft.exclude);
  CHECK(message->trace() == draft.trace);
  CHECK(message->published_ms() == 1'700'000'000'000);
  CHECK(message->expires_ms() == 1'700'000'005'000);
}

TEST_CASE("a message of nothing but a payload has no other parts") {
  Draft draft;
  draft.channel = ChannelName::copy_of("c");
  draft.data = std::string("a\0b", 3);
  const MessagePtr message = Message::make(1, std::move(draft));
  CHECK(message->data() == std::string_view("a\0b", 3));
  CHECK(message->event().empty());
  CHECK(message->from().empty());
  CHECK(message->trace().empty());
  CHECK(message->exclude().empty());
  CHECK_FALSE(message->is_json());
}

TEST_CASE("a large payload comes through whole") {
  Draft draft;
  draft.event = "e";
  draft.data = std::string(3 * 1024 * 1024, 'x') + 'y';
  draft.from = "f";
  const std::string data = draft.data;
  const MessagePtr message = Message::make(1, std::move(draft));
  CHECK(message->data() == data);
  CHECK(message->event() == "e");
  CHECK(message->from() == "f");
}

TEST_CASE("the store gives a message its id and its channel's own name") {
  const ChannelName kept = ChannelName::copy_of("room:1");
  const auto message = Message::make(0, full_draft());
  message->store_as(42, kept);
  CHECK(message->id() == 42);
  CHECK(message->channel_name().shares_block_with(kept));
  CHECK(message->data() == full_draft().data);
}

TEST_CASE("the draft of a message makes the same message again") {
  const MessagePtr first = Message::make(7, full_draft());
  const MessagePtr second = Message::make(8, first->draft());
  CHECK(second->channel() == first->channel());
  CHECK(second->event() == first->event());
  CHECK(second->data() == first->data());
  CHECK(second->is_json() == first->is_json());
  CHECK(second->ttl_ms() == first->ttl_ms());
  CHECK(second->from() == first->from());
  CHECK(excluded_by(*second) == excluded_by(*first));
  CHECK(second->trace() == first->trace());
}
