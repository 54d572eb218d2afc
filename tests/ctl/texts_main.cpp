// Prints the texts that are made from the command table of relayctl, or rewrites the files that hold them.
#include "program.hpp"
#include "support/program_texts.hpp"

int main(int argc, char** argv) {
  return relay::test::program_texts_main(relay::ctl::program(), argc, argv);
}
