// A string to build something in whose bytes are copied elsewhere at once.
//
// It takes its memory from a few strings that each thread keeps, so that what every message needs for a
// moment costs no allocation. Lives on the stack and ends in the order opposite to its making; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace relay {

class ScratchText {
 public:
  ScratchText() : kept_(kept()), text_(kept_.in_use < kept_.texts.size() ? kept_.texts[kept_.in_use] : own_) {
    ++kept_.in_use;
    text_.clear();
  }
  ~ScratchText() {
    --kept_.in_use;
    if (text_.capacity() > kMaxKeptBytes) std::string().swap(text_);
  }
  ScratchText(const ScratchText&) = delete;
  ScratchText& operator=(const ScratchText&) = delete;

  std::string& operator*() { return text_; }
  std::string* operator->() { return &text_; }

 private:
  // What a thread keeps of each; a larger one is given back.
  static constexpr std::size_t kMaxKeptBytes = 64 * 1024;
  struct Kept {
    std::array<std::string, 3> texts;  // so many nest; one further in allocates for itself
    std::size_t in_use = 0;
  };
  static Kept& kept() {
    thread_local Kept kept;
    return kept;
  }

  Kept& kept_;
  std::string own_;
  std::string& text_;
};

}  // namespace relay
