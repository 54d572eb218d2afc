#include "server/instance_id.hpp"

#include "support/catch.hpp"
#include "support/child_process.hpp"

using relay::server::InstanceIdFile;
using relay::test::ScratchFolder;

TEST_CASE("A made-up id is kept, and given to one process at a time") {
  ScratchFolder folder;
  std::string id;
  {
    InstanceIdFile first;
    id = first.open(folder.path()).value();
    CHECK(id.size() == 12);
    InstanceIdFile second;
    CHECK(second.open(folder.path()).error().code == "state_in_use");
  }
  InstanceIdFile again;
  CHECK(again.open(folder.path()).value() == id);
}

TEST_CASE("An id that an operator wrote is taken as it is, if it is one") {
  ScratchFolder folder;
  folder.write("instance-id", " relay-7 \n");
  {
    InstanceIdFile file;
    CHECK(file.open(folder.path()).value() == "relay-7");
  }
  for (const std::string& text : {std::string("two words"), std::string("a:b"), std::string(65, 'x')}) {
    folder.write("instance-id", text);
    InstanceIdFile file;
    CHECK(file.open(folder.path()).error().code == "bad_state");
  }
}

TEST_CASE("A state directory that is not there is told by name") {
  InstanceIdFile file;
  const auto id = file.open("/nonexistent/of/relay");
  REQUIRE_FALSE(id.has_value());
  CHECK(id.error().message.find("/nonexistent/of/relay/instance-id") != std::string::npos);
}
