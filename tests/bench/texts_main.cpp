// Prints the texts that are made from the command table of relaybench, or rewrites the files that hold them.
#include "commands.hpp"
#include "support/program_texts.hpp"

int main(int argc, char** argv) {
  return relay::test::program_texts_main(relay::bench::program(), argc, argv);
}
