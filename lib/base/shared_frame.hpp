// An immutable run of bytes with a reference count: one encoded frame, sent to any number of sockets.
//
// Layout of one allocation:   [ atomic count : 4 | size : 4 | bytes … ]
// A SharedFrame is one pointer wide, so a subscriber's queue of n frames is n pointers. Bytes never change
// once the frame is made; copying and dropping handles is safe from any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace relay {

class SharedFrame {
 public:
  SharedFrame() = default;
  // REQUIRES: less than 4 GiB.
  static SharedFrame copy_of(std::string_view bytes) { return joined(bytes, {}); }
  static SharedFrame joined(std::string_view first, std::string_view second);

  SharedFrame(const SharedFrame& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) block_->count.fetch_add(1, std::memory_order_relaxed);
  }
  SharedFrame(SharedFrame&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedFrame& operator=(SharedFrame other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedFrame() {
    if (block_ != nullptr && block_->count.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(block_);
  }

  explicit operator bool() const { return block_ != nullptr; }
  std::size_t size() const { return block_ == nullptr ? 0 : block_->size; }
  const char* data() const { return block_ == nullptr ? nullptr : reinterpret_cast<const char*>(block_ + 1); }
  std::string_view view() const { return {data(), size()}; }

 private:
  friend class FrameSlot;
  struct Block {
    std::atomic<std::uint32_t> count;
    std::uint32_t size;
  };
  explicit SharedFrame(Block* block) : block_(block) {}
  static void destroy(Block* block);

  Block* block_ = nullptr;
};

// A frame that is made at most once, by whichever thread asks first. Losers of the race drop their copy.
class FrameSlot {
 public:
  FrameSlot() = default;
  FrameSlot(const FrameSlot&) = delete;
  FrameSlot& operator=(const FrameSlot&) = delete;
  ~FrameSlot() { SharedFrame last(block_.load(std::memory_order_relaxed)); }

  // `encode` returns a SharedFrame that is not empty.
  template <class Encode>
  SharedFrame get_or_make(Encode&& encode) {
    SharedFrame::Block* block = block_.load(std::memory_order_acquire);
    if (block == nullptr) {
      SharedFrame made = encode();
      if (block_.compare_exchange_strong(block, made.block_, std::memory_order_acq_rel)) {
        block = std::exchange(made.block_, nullptr);
      }
    }
    block->count.fetch_add(1, std::memory_order_relaxed);
    return SharedFrame(block);
  }

 private:
  std::atomic<SharedFrame::Block*> block_{nullptr};
};

}  // namespace relay
