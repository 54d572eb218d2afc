#include "base/shared_frame.hpp"

#include <cassert>
#include <cstring>
#include <limits>
#include <new>

namespace relay {

SharedFrame SharedFrame::joined(std::string_view first, std::string_view second) {
  const std::size_t size = first.size() + second.size();
  assert(size <= std::numeric_limits<std::uint32_t>::max());
  void* memory = ::operator new(sizeof(Block) + size);
  auto* block = new (memory) Block{{1}, static_cast<std::uint32_t>(size)};
  char* const at = reinterpret_cast<char*>(block + 1);
  if (!first.empty()) std::memcpy(at, first.data(), first.size());
  if (!second.empty()) std::memcpy(at + first.size(), second.data(), second.size());
  return SharedFrame(block);
}

void SharedFrame::destroy(Block* block) {
  block->~Block();
  ::operator delete(block);
}

}  // namespace relay
