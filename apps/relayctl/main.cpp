// relayctl: looks after running relayd instances and what they keep. Everything else is in run.cpp and
// verbs.hpp.
#include "run.hpp"

int main(int argc, char** argv) {
  return relay::ctl::run({argv + 1, argv + argc});
}
