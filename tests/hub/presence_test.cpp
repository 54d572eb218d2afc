#include "hub/presence.hpp"

#include <algorithm>

#include "hub/hub.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_storage.hpp"

using namespace relay;
using namespace relay::hub;
using relay::test::RecordingSubscriber;
using relay::test::request_for;

namespace {

struct Recorder final : PresenceEvents {
  std::vector<std::string> told;
  void on_joined(const ChannelName& channel, const SubscriberInfo& info) override {
    told.push_back("+" + std::string(channel.view()) + " " + std::to_string(info.number));
  }
  void on_left(const ChannelName& channel, std::uint32_t number) override {
    told.push_back("-" + std::string(channel.view()) + " " + std::to_string(number));
  }
  std::vector<std::string> take() { return std::exchange(told, {}); }
};

using Lines = std::vector<std::string>;

std::shared_ptr<const Namespaces> namespaces(bool a, bool b) {
  ChannelOptions with;
  with.presence = true;
  ChannelOptions without;
  return std::make_shared<Namespaces>(without, std::map<std::string, ChannelOptions, std::less<>>{
                                                   {"a", a ? with : without}, {"b", b ? with : without}});
}

struct Fixture {
  test::FakeClock clock;
  metrics::LoopMetrics metrics;
  Hub hub{clock, metrics, {}};
  test::FakeStorage storage{hub};
  Recorder recorder;
  Fixture() {
    hub.attach(storage);
    hub.tell_presence(&recorder);
    hub.configure(namespaces(true, false), {});
  }
  Lines present() const {
    Lines lines;
    hub.for_each_present([&](const ChannelName& channel, const SubscriberInfo& info) {
      lines.push_back(std::string(channel.view()) + " " + info.client_id);
    });
    return lines;
  }
};

}  // namespace

TEST_CASE("Joining and leaving is told of channels with presence alone") {
  Fixture f;
  RecordingSubscriber subscriber;
  f.hub.subscribe(subscriber.subscription, request_for({"a:1", "b:1", "$all", "a:2"}, {}));
  CHECK(f.recorder.take() == Lines{"+a:1 7", "+a:2 7"});
  CHECK(f.present().size() == 2);
  f.hub.unsubscribe(subscriber.subscription);
  CHECK(f.recorder.take() == Lines{"-a:1 7", "-a:2 7"});
  CHECK(f.present().empty());
}

TEST_CASE("A subscriber that is destroyed is told to have left, by its number") {
  Fixture f;
  {
    RecordingSubscriber subscriber;
    f.hub.subscribe(subscriber.subscription, request_for({"a:1"}, {}));
    f.recorder.take();
  }
  CHECK(f.recorder.take() == Lines{"-a:1 7"});
}

TEST_CASE("A subscription that fails leaves again") {
  Fixture f;
  f.storage.fail_in(0);
  RecordingSubscriber subscriber;
  f.hub.subscribe(subscriber.subscription, request_for({"a:1"}, {}));
  f.storage.settle();
  REQUIRE(subscriber.failed);
  CHECK(f.recorder.take() == Lines{"+a:1 7", "-a:1 7"});
}

TEST_CASE("Switching presence on or off is told as joins and leaves") {
  Fixture f;
  RecordingSubscriber subscriber;
  f.hub.subscribe(subscriber.subscription, request_for({"a:1", "b:1"}, {}));
  f.recorder.take();
  f.hub.configure(namespaces(false, true), {});
  Lines told = f.recorder.take();
  std::sort(told.begin(), told.end());
  CHECK(told == Lines{"+b:1 7", "-a:1 7"});
  f.hub.configure(namespaces(false, true), {});
  CHECK(f.recorder.take().empty());
  f.hub.unsubscribe(subscriber.subscription);
  CHECK(f.recorder.take() == Lines{"-b:1 7"});
}
