#include "import_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <unordered_map>

namespace relay::ctl {
namespace {

constexpr std::size_t kMaxLineBytes = std::size_t{64} << 20;

Failure cannot(const std::string& what, int error) {
  const int exit = error == ENOENT   ? exit_code::kNoInput
                   : error == EACCES ? exit_code::kDenied
                                     : exit_code::kIo;
  return {exit, what, std::strerror(error), {}};
}

// Standard input, so that it can be read twice.
Outcome<std::FILE*> spool() {
  std::FILE* copy = std::tmpfile();
  if (copy == nullptr) return cannot("cannot make a temporary file", errno);
  char buffer[64 * 1024];
  while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, stdin)) {
    if (std::fwrite(buffer, 1, n, copy) == n) continue;
    const int error = errno;
    std::fclose(copy);
    return cannot("cannot write a temporary file", error);
  }
  std::rewind(copy);
  return copy;
}

Outcome<std::FILE*> open_file(const std::string& path) {
  if (path == "-") return spool();
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return cannot("cannot read " + path, errno);
  return file;
}

struct LineBuffer {
  ~LineBuffer() { std::free(text); }
  char* text = nullptr;
  std::size_t size = 0;
};

}  // namespace

Outcome<ImportFile> ImportFile::open(const std::string& path,
                                     const std::function<std::string(const ImportLine&)>& check) {
  const auto opened = open_file(path);
  if (!opened) return opened.error();
  ImportFile file;
  file.file_.reset(*opened);
  if (const auto indexed = file.index(path == "-" ? "standard input" : path, check); !indexed)
    return indexed.error();
  return file;
}

Outcome<void> ImportFile::index(const std::string& path,
                                const std::function<std::string(const ImportLine&)>& check) {
  std::unordered_map<std::string, std::uint32_t> numbers;
  LineBuffer line;
  std::uint64_t offset = 0;
  for (std::uint64_t number = 1;; ++number) {
    const ssize_t length = ::getline(&line.text, &line.size, file_.get());
    if (length < 0) break;
    const auto bytes = static_cast<std::size_t>(length);
    const std::uint64_t begin = std::exchange(offset, offset + bytes);
    if (bytes == 1 && line.text[0] == '\n') continue;
    auto parsed = parse_import_line({line.text, bytes});
    std::string wrong = bytes > kMaxLineBytes ? "the line is longer than 64 MiB"
                        : !parsed             ? parsed.error().why
                                              : "";
    if (wrong.empty() && parsed->kind == ImportLine::Kind::kMessage) wrong = check(*parsed);
    if (!wrong.empty()) {
      return Failure{exit_code::kData,
                     path + ", line " + std::to_string(number) + ": " + wrong,
                     {},
                     "nothing was imported"};
    }
    if (parsed->kind == ImportLine::Kind::kHeader) {
      bounds_ = std::move(parsed->bounds);
      continue;
    }
    const auto [known, is_new] =
        numbers.emplace(parsed->channel, static_cast<std::uint32_t>(channels_.size()));
    if (is_new) channels_.push_back({parsed->channel, {}});
    if (parsed->kind == ImportLine::Kind::kHistory) {
      channels_[known->second].history = {parsed->gone, parsed->last, true};
    } else {
      entries_.push_back({parsed->id, begin, static_cast<std::uint32_t>(bytes), known->second});
    }
  }
  if (std::ferror(file_.get()) != 0) return cannot("cannot read " + path, errno);
  // id - 1: those without an id (0) come last.
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.id - 1 < b.id - 1; });
  return {};
}

Outcome<ImportLine> ImportFile::read(const Entry& entry) const {
  std::string text(entry.bytes, '\0');
  if (std::fseek(file_.get(), static_cast<long>(entry.offset), SEEK_SET) != 0 ||
      std::fread(text.data(), 1, text.size(), file_.get()) != text.size()) {
    return Failure{exit_code::kIo, "the file changed while it was imported", {}, {}};
  }
  return parse_import_line(text);
}

}  // namespace relay::ctl
