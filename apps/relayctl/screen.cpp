#include "screen.hpp"

#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <string_view>

#include "cli/interrupt.hpp"
#include "cli/terminal.hpp"

namespace relay::ctl {
namespace {

// Alternate screen, cursor hidden, wrapping off; and back.
constexpr char kEnter[] = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr char kLeave[] = "\x1b[?7h\x1b[?25h\x1b[?1049l";
constexpr char kBeginUpdate[] = "\x1b[?2026h";
constexpr char kEndUpdate[] = "\x1b[?2026l";

// What the handlers need. Only the Screen and they touch it.
termios before{};
std::atomic<bool> entered{false};
std::atomic<bool> changed{false};  // the size, or all of the screen

void put(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (wrote <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

void enter() {
  entered = true;
  termios raw = before;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  put({kEnter, sizeof kEnter - 1});
}

// Async-signal-safe: write(2) and tcsetattr(3) alone.
void leave() {
  if (!entered.exchange(false)) return;
  put({kLeave, sizeof kLeave - 1});
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

void on_resize(int) {
  changed = true;
}

void on_fatal(int number);
void on_continue(int);

// A stop and its end do not interrupt one another: the terminal would be left as neither of them wants it.
void handle_stop() {
  struct sigaction action{};
  action.sa_handler = on_continue;
  ::sigaddset(&action.sa_mask, SIGTSTP);
  ::sigaction(SIGCONT, &action, nullptr);
  action.sa_handler = on_fatal;
  action.sa_flags = static_cast<int>(SA_NODEFER);
  ::sigemptyset(&action.sa_mask);
  ::sigaddset(&action.sa_mask, SIGCONT);
  ::sigaction(SIGTSTP, &action, nullptr);
}

void on_continue(int) {
  handle_stop();
  enter();
  changed = true;
}

// The process ends or stops with the default action of the signal, and the terminal is clean by then.
void on_fatal(int number) {
  leave();
  ::signal(number, SIG_DFL);
  ::raise(number);
  // Here again: it was continued, or there was nobody who could have continued it, and it was not stopped.
  if (number == SIGTSTP) on_continue(0);
}

void catch_signals() {
  catch_interrupts();
  struct sigaction action{};
  action.sa_handler = on_resize;
  ::sigaction(SIGWINCH, &action, nullptr);
  action.sa_handler = on_fatal;
  action.sa_flags = static_cast<int>(SA_NODEFER);
  for (const int number :
       {SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2}) {
    ::sigaction(number, &action, nullptr);
  }
  handle_stop();
}

// What stands behind an escape: the arrows and pages, in the forms of xterm and of the VT.
int escape_key() {
  char sequence[4] = {};
  pollfd waiting{STDIN_FILENO, POLLIN, 0};
  if (::poll(&waiting, 1, 20) <= 0) return kKeyEscape;
  const ssize_t got = ::read(STDIN_FILENO, sequence, sizeof sequence - 1);
  const std::string_view bytes(sequence, got > 0 ? static_cast<std::size_t>(got) : 0);
  if (bytes == "[A" || bytes == "OA") return kKeyUp;
  if (bytes == "[B" || bytes == "OB") return kKeyDown;
  if (bytes == "[5~") return kKeyPageUp;
  if (bytes == "[6~") return kKeyPageDown;
  return kKeyEscape;
}

}  // namespace

Outcome<std::unique_ptr<Screen>> Screen::open() {
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0 ||
      ::tcgetattr(STDIN_FILENO, &before) != 0) {
    return usage("this needs a terminal", "for scripts there is --batch");
  }
  return std::unique_ptr<Screen>(new Screen());
}

Screen::Screen() {
  catch_signals();
  enter();
  measure();
}

Screen::~Screen() {
  for (const int number : {SIGTSTP, SIGCONT}) ::signal(number, SIG_DFL);  // nothing enters it again
  leave();
}

void Screen::measure() {
  columns_ = terminal_columns(STDOUT_FILENO);
  rows_ = terminal_rows(STDOUT_FILENO);
}

void Screen::draw(const std::vector<std::string>& lines) {
  std::string out = kBeginUpdate;
  if (changed.exchange(false)) {
    measure();
    shown_.clear();
    out += "\x1b[2J";
  }
  shown_.resize(rows_);
  for (std::size_t row = 0; row < rows_; ++row) {
    const std::string& line = row < lines.size() ? lines[row] : std::string();
    if (shown_[row] == line) continue;
    out += "\x1b[" + std::to_string(row + 1) + ";1H" + line + "\x1b[0m\x1b[K";
    shown_[row] = line;
  }
  put(out + kEndUpdate);
}

std::optional<int> Screen::key(Milliseconds wait) {
  pollfd waiting{STDIN_FILENO, POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(wait.count())) <= 0) return {};
  char byte = 0;
  if (::read(STDIN_FILENO, &byte, 1) != 1) return {};
  if (byte == kKeyEscape) return escape_key();
  return byte == '\n' ? '\r' : static_cast<int>(static_cast<unsigned char>(byte));
}

}  // namespace relay::ctl
