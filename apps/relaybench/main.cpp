// relaybench: measures relayd, and other servers, under load. Everything else is in invoke.cpp and
// commands.hpp.
#include "base/commit.hpp"
#include "invoke.hpp"

int main(int argc, char** argv) {
  return relay::bench::invoke({argv + 1, argv + argc}, relay::build_commit());
}
