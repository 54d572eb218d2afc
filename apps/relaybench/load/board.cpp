#include "load/board.hpp"

#include <sys/mman.h>

#include <new>

namespace relay::bench {

Result<std::unique_ptr<Board>> Board::make(std::uint32_t processes, std::uint32_t streams) {
  const std::size_t bytes = kHeadBytes + std::size_t{streams} * sizeof(std::atomic<std::uint32_t>);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return make_error(ErrorKind::kUnavailable, "no_memory", "no shared memory for the generators");
  }
  return std::unique_ptr<Board>(new Board(memory, bytes, processes, streams));
}

Board::Board(void* memory, std::size_t bytes, std::uint32_t processes, std::uint32_t streams)
    : memory_(memory), bytes_(bytes), head_(new(memory) Head) {
  head_->publishing = processes;
  sent_ = reinterpret_cast<std::atomic<std::uint32_t>*>(static_cast<char*>(memory) + kHeadBytes);
  for (std::uint32_t i = 0; i < streams; ++i) new (&sent_[i]) std::atomic<std::uint32_t>(0);
}

Board::~Board() {
  munmap(memory_, bytes_);
}

}  // namespace relay::bench
