// Rewrites the generated part of man/relay-redis.7:  redis_key_texts update SOURCE_DIRECTORY
#include <cstdio>
#include <fstream>
#include <string_view>

#include "options/texts.hpp"
#include "storage/key_texts.hpp"

int main(int argc, char** argv) {
  if (argc != 3 || std::string_view(argv[1]) != "update") {
    std::fputs("usage: redis_key_texts update SOURCE_DIRECTORY\n", stderr);
    return 64;
  }
  using namespace relay::test;
  const std::string page = std::string(argv[2]) + "/man/relay-redis.7";
  const std::string text = replace_between(read_text(page), kKeysBegin, kKeysEnd, man_keys());
  std::ofstream file(page, std::ios::binary);
  file << text;
  return file.flush() ? 0 : 74;
}
