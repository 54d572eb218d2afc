#include "load/pipe.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace relay::bench {
namespace {

struct Head {
  RecordKind kind;
  std::uint32_t size;
};

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno != EINTR) return false;
    if (wrote > 0) bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

}  // namespace

bool write_record(int fd, RecordKind kind, std::string_view bytes) {
  const Head head{kind, static_cast<std::uint32_t>(bytes.size())};
  std::string record(reinterpret_cast<const char*>(&head), sizeof head);
  record += bytes;
  return write_all(fd, record);
}

std::optional<Record> read_record(int fd) {
  RecordReader reader(fd);
  for (;;) {
    if (auto record = reader.next()) return record;
    if (!reader.read()) return reader.next();
  }
}

bool RecordReader::read() {
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t got = ::read(fd_, buffer, sizeof buffer);
    if (got > 0) {
      bytes_.append(buffer, static_cast<std::size_t>(got));
      return true;
    }
    if (got == 0) return false;
    if (errno == EINTR) continue;
    return errno == EAGAIN;
  }
}

std::optional<Record> RecordReader::next() {
  Head head{};
  if (bytes_.size() < sizeof head) return {};
  std::memcpy(&head, bytes_.data(), sizeof head);
  if (bytes_.size() - sizeof head < head.size) return {};
  Record record{head.kind, bytes_.substr(sizeof head, head.size)};
  bytes_.erase(0, sizeof head + head.size);
  return record;
}

}  // namespace relay::bench
