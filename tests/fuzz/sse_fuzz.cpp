// The event stream parser: the same events for every cut, and any payload that is written comes back as one
// event.
#include <string>

#include "fuzz/fuzz.hpp"
#include "wire/sse.hpp"

namespace {

using relay::fuzz::promise;
using relay::wire::SseEvent;
using relay::wire::SseParser;

std::string describe(const SseEvent& event) {
  return std::to_string(static_cast<int>(event.kind)) + event.event + "#" + event.id + "[" + event.data +
         "]" + std::to_string(event.retry.count()) + "\n";
}

struct Reader {
  SseParser parser{SseParser::Report::kEverything};
  std::string seen;
  void feed(std::string_view bytes) {
    parser.feed(bytes, [&](const SseEvent& event) {
      promise(event.id.find('\0') == std::string::npos, "an id has no NUL");
      seen += describe(event);
    });
  }
};

std::string with_lf_only(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool cr = text[i] == '\r';
    out.push_back(cr ? '\n' : text[i]);
    if (cr && i + 1 < text.size() && text[i + 1] == '\n') ++i;
  }
  return out;
}

void check_payload_round_trip(std::string_view payload) {
  std::string stream;
  relay::wire::append_sse_comment(stream, payload);
  relay::wire::append_sse_event(stream, "e", "7", payload);
  SseParser parser;
  std::size_t events = 0;
  parser.feed(stream, [&](const SseEvent& event) {
    ++events;
    promise(event.event == "e" && event.id == "7", "no payload can forge a field");
    promise(event.data == with_lf_only(payload), "a payload comes back with its lines");
  });
  promise(events == 1 && parser.pending_bytes() == 0, "one event in, one event out");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const relay::fuzz::Cut input = relay::fuzz::cut(data, size);
  const auto [whole, halves] = relay::fuzz::Cuts<Reader>(input);
  promise(whole.seen == halves.seen, "an event stream means the same however it is cut");
  promise(whole.parser.last_event_id() == halves.parser.last_event_id(), "and leaves the same last event id");
  Reader plain;
  plain.feed(with_lf_only(input.whole));
  promise(whole.seen == plain.seen, "CR, LF and CRLF end a line alike");
  check_payload_round_trip(input.whole);
  return 0;
}
