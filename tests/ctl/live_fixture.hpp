// A relayd of a test's own with an admin socket, and relayctl that asks it. One test thread.
#pragma once

#include "ctl/ctl_runner.hpp"
#include "support/relayd_process.hpp"
#include "support/streams.hpp"

namespace relay::test {

struct LiveFixture {
  explicit LiveFixture(Settings more = {})
      : relayd(with_socket(std::move(more))), ctl({"-s", "unix:" + socket()}) {}

  std::string socket() const { return folder.path() + "/admin.sock"; }
  Settings with_socket(Settings settings) const {
    settings["admin.socket"] = socket();
    settings.try_emplace("instance.id", "edge-1");
    settings.try_emplace("loops", "2");
    return settings;
  }
  // A live stream of the channel.
  Stream& listen(Wire wire, const std::string& channel) {
    Stream& stream = streams.open(relayd.port(), wire, "channel=" + channel);
    if (!streams.run_until([&] { return stream.live(); })) throw std::runtime_error("the stream is not live");
    return stream;
  }

  ScratchFolder folder;
  RelaydProcess relayd;
  Ctl ctl;
  StreamSet streams;
};

}  // namespace relay::test
