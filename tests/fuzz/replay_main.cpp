// Runs a fuzz target without libFuzzer: every file of a corpus folder, then seeded random mutations of them.
//
//     fuzz_http1 CORPUS_FOLDER [SEED [MUTATIONS]]
//
// The same seed gives the same inputs on every machine. A crash says at which mutation of which seed.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"

namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t kDefaultSeed = 20240229;
constexpr long kDefaultMutations = 20000;
constexpr std::size_t kMaxInputBytes = 2048;

std::vector<std::string> load_corpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

// mt19937_64 is the same everywhere; the standard distributions are not, so none is used.
class Mutator {
 public:
  Mutator(const std::vector<std::string>& corpus, std::uint64_t seed) : corpus_(corpus), random_(seed) {}

  std::string next() {
    std::string input = corpus_[below(corpus_.size())];
    for (std::size_t steps = 1 + below(6); steps > 0; --steps) mutate(input);
    input.resize(std::min(input.size(), kMaxInputBytes));
    return input;
  }

 private:
  std::size_t below(std::size_t limit) {
    return limit == 0 ? 0 : static_cast<std::size_t>(random_() % limit);
  }
  char any_byte() { return static_cast<char>(random_()); }

  void mutate(std::string& input) {
    static constexpr std::string_view kTroublesome = "\r\n\0\xff :,;-0\x7f\t\x80"sv;
    const std::size_t at = below(input.size() + 1);
    const std::string& other = corpus_[below(corpus_.size())];
    switch (below(7)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      case 1:
        input.insert(at, 1, any_byte());
        break;
      case 2:
        input.insert(at, 1, kTroublesome[below(kTroublesome.size())]);
        break;
      case 3:
        input.erase(at, 1 + below(8));
        break;
      case 4:
        input.insert(at, input.substr(below(input.size()), below(32)));
        break;
      case 5:
        input.insert(at, other.substr(below(other.size()), below(64)));
        break;
      default:
        input = input.substr(0, at) + other.substr(below(other.size()));
        break;
    }
  }

  const std::vector<std::string>& corpus_;
  std::mt19937_64 random_;
};

char progress[128];  // what the crash handler says; only ever written whole lines

void run(const std::string& input, const char* what, long number) {
  std::snprintf(progress, sizeof progress, "crashed at %s %ld\n", what, number);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

void say_progress(int signal_number) {
  const ssize_t ignored = write(STDERR_FILENO, progress, std::char_traits<char>::length(progress));
  static_cast<void>(ignored);
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER [SEED [MUTATIONS]]\n", argv[0]);
    return 64;
  }
  for (int fatal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) signal(fatal, say_progress);
  const std::vector<std::string> corpus = load_corpus(argv[1]);
  if (corpus.empty()) {
    std::fprintf(stderr, "no inputs in %s\n", argv[1]);
    return 66;
  }
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : kDefaultSeed;
  const long mutations = argc > 3 ? std::strtol(argv[3], nullptr, 10) : kDefaultMutations;
  std::printf("%zu inputs, then %ld mutations of seed %llu\n", corpus.size(), mutations,
              static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  for (std::size_t i = 0; i < corpus.size(); ++i) run(corpus[i], "input", static_cast<long>(i));
  Mutator mutator(corpus, seed);
  for (long i = 0; i < mutations; ++i) run(mutator.next(), "mutation", i);
  return 0;
}
