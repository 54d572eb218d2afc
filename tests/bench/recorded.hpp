// Recording ends for the readers of drivers/: what a subscriber or publisher connection would have been told.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drivers/driver.hpp"

namespace relay::bench::test {

// One line per call: "live", "message ID PAYLOAD", "gap TEXT", "refused STATUS TEXT", "end", "reply BYTES".
struct RecordedStream final : StreamSink {
  std::vector<std::string> calls;

  void on_live() override { calls.emplace_back("live"); }
  void on_message(std::string_view payload, std::string_view id) override {
    calls.push_back("message " + std::string(id) + " " + std::string(payload));
  }
  void on_gap(std::string_view text) override { calls.push_back("gap " + std::string(text)); }
  void on_refused(int status, std::string_view text) override {
    calls.push_back("refused " + std::to_string(status) + " " + std::string(text));
  }
  void on_end() override { calls.emplace_back("end"); }
  void reply(std::string_view bytes) override { calls.push_back("reply " + std::string(bytes)); }
};

// "ready", "stored STATUS [REF]", "refused STATUS TEXT", "unknown STATUS TEXT", "over STATUS TEXT", "reply
// BYTES".
struct RecordedAnswers final : PublishSink {
  std::vector<std::string> calls;

  void on_ready() override { calls.emplace_back("ready"); }
  void on_answer(const PublishAnswer& answer) override {
    const std::string status = std::to_string(answer.status);
    const std::string ref = answer.ref ? " " + std::to_string(*answer.ref) : "";
    const std::string text = " " + std::string(answer.text);
    if (answer.kind == PublishAnswer::Kind::kStored) calls.push_back("stored " + status + ref);
    if (answer.kind == PublishAnswer::Kind::kRefused) calls.push_back("refused " + status + ref + text);
    if (answer.kind == PublishAnswer::Kind::kUnknown) calls.push_back("unknown " + status + ref + text);
  }
  void on_refused(int status, std::string_view text) override {
    calls.push_back("over " + std::to_string(status) + " " + std::string(text));
  }
  void reply(std::string_view bytes) override { calls.push_back("reply " + std::string(bytes)); }
};

// What `reader` (made anew by `make` each time) says to `bytes` in two reads, cut at `cut`.
template <class Recorded, class Make>
std::vector<std::string> said(Make&& make, std::string_view bytes, std::size_t cut) {
  Recorded sink;
  const auto reader = make();
  reader->on_data(bytes.substr(0, cut), sink);
  if (cut < bytes.size()) reader->on_data(bytes.substr(cut), sink);
  return sink.calls;
}

}  // namespace relay::bench::test
