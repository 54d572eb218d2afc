// A whole terminal for one program: the alternate screen, keys without Enter, and everything as it was
// afterwards.
//
// Draws only the lines that changed, as one synchronized update, so that it does well over a thin link. The
// terminal is given back by the destructor, and by the handlers of every signal that ends or stops the
// process. One at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "cli/failure.hpp"
#include "vocabulary.hpp"

namespace relay::ctl {

// A key as one number: its byte, or one of these.
enum Key : int {
  kKeyUp = 256,
  kKeyDown,
  kKeyPageUp,
  kKeyPageDown,
  kKeyEnter = '\r',
  kKeyEscape = 27,
  kKeyBackspace = 127
};

class Screen {
 public:
  // A usage failure when standard input or output is no terminal.
  static Outcome<std::unique_ptr<Screen>> open();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  std::size_t columns() const { return columns_; }
  std::size_t rows() const { return rows_; }
  // `lines` must fit in columns(); what is above rows() is left out.
  void draw(const std::vector<std::string>& lines);
  // Waits for a key; nothing when the time is over, the window has another size, or a signal wants the end.
  std::optional<int> key(Milliseconds wait);

 private:
  Screen();
  void measure();

  std::size_t columns_ = 80;
  std::size_t rows_ = 24;
  std::vector<std::string> shown_;
};

}  // namespace relay::ctl
