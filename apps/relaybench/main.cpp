// relaybench: measures relayd under load. It answers --version and --help; anything else is a usage error
// (64, sysexits).
#include <cstdio>
#include <string_view>

namespace {

constexpr int kExitUsage = 64;
constexpr int kExitIo = 74;

constexpr const char* kHelp =
    "relaybench - measures relayd under load\n"
    "\n"
    "Usage:\n"
    "  relaybench --version  print the version\n"
    "  relaybench --help     print this (-h)\n";

int print(const char* text) {
  return std::fputs(text, stdout) < 0 || std::fflush(stdout) != 0 ? kExitIo : 0;
}

int refuse(const char* argument) {
  if (argument == nullptr) {
    std::fputs("relaybench: error: nothing to do\n", stderr);
  } else {
    std::fprintf(stderr, "relaybench: error: unknown argument \"%s\"\n", argument);
  }
  std::fputs("  help: relaybench --help lists what there is\n", stderr);
  return kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return refuse(argc > 2 ? argv[2] : nullptr);
  const std::string_view argument = argv[1];
  if (argument == "--version") return print("relaybench " RELAY_VERSION "\n");
  if (argument == "--help" || argument == "-h") return print(kHelp);
  return refuse(argv[1]);
}
