#include "server/presence_recorder.hpp"

#include "support/catch.hpp"

using namespace relay;
using relay::server::PresenceRecorder;

namespace {

hub::ChannelName channel(std::string_view name) {
  return hub::ChannelName::copy_of(name);
}

std::vector<std::string> lines(PresenceRecorder& recorder) {
  std::vector<std::string> all;
  for (const hub::PresenceChange& change : recorder.take()) {
    all.push_back((change.joined() ? "+" : "-") + std::string(change.channel.view()) + " " +
                  std::to_string(change.loop) + "." + std::to_string(change.number));
  }
  return all;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("Joins and leaves are handed over once, with their loop") {
  PresenceRecorder recorder(3);
  recorder.on_joined(channel("a"), {"x.3.7", "sse", 5000, 7});
  recorder.on_left(channel("b"), 8);
  CHECK(lines(recorder) == Lines{"+a 3.7", "-b 3.8"});
  CHECK(lines(recorder).empty());
}

TEST_CASE("Who came and left since the last look leaves no trace") {
  PresenceRecorder recorder(0);
  recorder.on_joined(channel("a"), {"x.0.7", "sse", 5000, 7});
  recorder.on_left(channel("a"), 7);
  CHECK(lines(recorder).empty());
}

TEST_CASE("Who was there at the last look and left is told, whatever came in between") {
  PresenceRecorder recorder(0);
  recorder.on_joined(channel("a"), {"x.0.7", "sse", 5000, 7});
  recorder.take();
  recorder.on_left(channel("a"), 7);
  recorder.on_joined(channel("a"), {"x.0.7", "sse", 6000, 7});
  recorder.on_left(channel("a"), 7);
  CHECK(lines(recorder) == Lines{"-a 0.7"});
  recorder.on_left(channel("a"), 7);
  recorder.on_joined(channel("a"), {"x.0.7", "sse", 6000, 7});
  CHECK(lines(recorder) == Lines{"+a 0.7"});
}
