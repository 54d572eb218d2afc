#include "base/log.hpp"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>

#include "base/clock.hpp"
#include "base/log_format.hpp"
#include "base/log_seams.hpp"
#include "base/log_window.hpp"

namespace relay::log {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Sinks take finished bytes: spdlog's own patterns know neither fields nor escapes. The state's mutex guards
// them.
using Sink = spdlog::sinks::base_sink<spdlog::details::null_mutex>;

std::string_view bytes_of(const spdlog::details::log_msg& message) {
  return {message.payload.data(), message.payload.size()};
}

// Lines to a file, or to stderr where there is none. One write(2) a line, so that lines of several processes
// mix whole.
class LineSink final : public Sink {
 public:
  LineSink(Descriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  int fd() const { return file_ ? file_.get() : STDERR_FILENO; }
  static Descriptor open(const std::string& path) {
    return Descriptor(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640));
  }
  // False, with errno, if it cannot be opened: then the old file goes on.
  bool reopen() {
    if (path_.empty()) return true;
    Descriptor fresh = open(path_);
    if (!fresh) return false;
    file_ = std::move(fresh);
    return true;
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override { write_all(fd(), bytes_of(message)); }
  void flush_() override {}

  Descriptor file_;
  const std::string path_;
};

// Datagrams to the journal.
class JournalSink final : public Sink {
 public:
  explicit JournalSink(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    address_.sun_family = AF_UNIX;
    std::strncpy(address_.sun_path, path.c_str(), sizeof address_.sun_path - 1);
    // A journal that stands still costs a caller this much once a line, not for ever.
    const timeval patience{0, 100'000};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }

  // Whether the last one must go elsewhere: there is no journal, or it is too long for a datagram. One that
  // is only late is lost instead, so that a journal that stands still cannot stop the relay through stderr.
  bool refused() const { return refused_; }

 private:
  // Sent by address and not connected: journald may be restarted.
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view bytes = bytes_of(message);
    const auto* to = reinterpret_cast<const sockaddr*>(&address_);
    ssize_t sent;
    do {
      sent = ::sendto(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL, to, sizeof address_);
    } while (sent < 0 && errno == EINTR);
    refused_ = sent < 0 && errno != EAGAIN;
  }
  void flush_() override {}

  Descriptor socket_;
  sockaddr_un address_{};
  bool refused_ = false;
};

// sd_journal_stream_fd: JOURNAL_STREAM names the device and inode that stderr had when systemd started us.
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status{};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
  return std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino) == stream;
}

bool wants_colour(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  return ::isatty(fd) == 1 && (no_color == nullptr || *no_color == '\0');
}

Format resolve(Format format, const std::string& file, int fd) {
  if (format != Format::kAuto) return format;
  if (file.empty() && stderr_is_journal()) return Format::kJournal;
  return ::isatty(fd) == 1 ? Format::kText : Format::kLogfmt;
}

class Log {
 public:
  Log() { configure({}); }

  std::string configure(const Settings& settings) {
    Descriptor file;
    if (!settings.file.empty() && settings.format != Format::kJournal) {
      file = LineSink::open(settings.file);
      if (!file) return "cannot open " + settings.file + ": " + std::strerror(errno);
    }
    const std::lock_guard lock(mutex_);
    instance_ = settings.instance;
    level_.store(settings.level, std::memory_order_relaxed);
    lines_ = std::make_shared<LineSink>(std::move(file), settings.file);
    format_ = resolve(settings.format, settings.file, lines_->fd());
    colour_ = wants_colour(lines_->fd());
    journal_ = format_ == Format::kJournal ? std::make_shared<JournalSink>(journal_socket_) : nullptr;
    spdlog::sink_ptr sink = lines_;
    if (journal_) sink = journal_;
    logger_ = std::make_unique<spdlog::logger>("relayd", std::move(sink));
    return {};
  }

  void set_level(Level level) { level_.store(level, std::memory_order_relaxed); }
  Level level() const { return level_.load(std::memory_order_relaxed); }

  void write(Level level, std::string_view event, std::string_view text, Fields fields) {
    const std::lock_guard lock(mutex_);
    const SteadyTime now = clock_->steady();
    say_suppressed(now);
    if (level >= Level::kWarning && !windows_.admit(event, level, now)) return;
    put(level, event, text, fields);
  }

  void reopen() {
    const std::lock_guard lock(mutex_);
    if (lines_->reopen()) return;
    const std::string reason = std::strerror(errno);
    put(Level::kError, "log.reopen_failed", "the log file cannot be opened again; the old one is used on",
        {{"reason", reason}});
  }

  void flush() {
    const std::lock_guard lock(mutex_);
    say_suppressed(clock_->steady());
    logger_->flush();
  }

  void set_clock(const Clock& clock) {
    const std::lock_guard lock(mutex_);
    clock_ = &clock;
  }
  void set_journal_socket(const std::string& path) {
    const std::lock_guard lock(mutex_);
    journal_socket_ = path;
  }

 private:
  void say_suppressed(SteadyTime now) {
    for (const Windows::Suppressed& closed : windows_.take_closed(now)) {
      const std::string text = closed.event + ": suppressed " + std::to_string(closed.count) + " in " +
                               std::to_string(Windows::kLength.count()) + " s";
      put(closed.level, closed.event, text, {{"suppressed", closed.count}});
    }
  }

  void put(Level level, std::string_view event, std::string_view text, Fields fields) {
    const Record record{level, clock_->wall_ms(), event, text, instance_, fields};
    const std::string bytes = format(record);
    logger_->log(spdlog::level::critical, spdlog::string_view_t(bytes.data(), bytes.size()));
    if (journal_ && journal_->refused()) write_all(lines_->fd(), format_logfmt(record));
  }

  std::string format(const Record& record) const {
    switch (format_) {
      case Format::kText:
        return format_text(record, colour_);
      case Format::kJson:
        return format_json(record);
      case Format::kJournal:
        return format_journal(record);
      default:
        return format_logfmt(record);
    }
  }

  std::atomic<Level> level_{Level::kInfo};

  std::mutex mutex_;  // guards all below
  const Clock* clock_ = &system_clock();
  std::string journal_socket_ = "/run/systemd/journal/socket";
  Windows windows_;
  std::string instance_;
  Format format_ = Format::kLogfmt;  // never kAuto
  bool colour_ = false;
  std::shared_ptr<LineSink> lines_;
  std::shared_ptr<JournalSink> journal_;  // with kJournal only
  std::unique_ptr<spdlog::logger> logger_;
};

// Never destroyed: destructors of other statics may still log.
Log& the_log() {
  static Log* const log = new Log;
  return *log;
}

}  // namespace

std::string configure(const Settings& settings) {
  return the_log().configure(settings);
}
void set_level(Level level) {
  the_log().set_level(level);
}
Level level() {
  return the_log().level();
}
void reopen() {
  the_log().reopen();
}
void flush() {
  the_log().flush();
}
bool enabled(Level level) {
  return level >= the_log().level();
}

void write(Level level, std::string_view event, std::string_view text, Fields fields) {
  if (enabled(level)) the_log().write(level, event, text, fields);
}

void set_clock(const Clock& clock) {
  the_log().set_clock(clock);
}
void set_journal_socket(const std::string& path) {
  the_log().set_journal_socket(path);
}

}  // namespace relay::log
