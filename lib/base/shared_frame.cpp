#include "base/shared_frame.hpp"

#include <cassert>
#include <cstring>
#include <limits>
#include <new>

namespace relay {

SharedFrame SharedFrame::copy_of(std::string_view bytes) {
  assert(bytes.size() <= std::numeric_limits<std::uint32_t>::max());
  void* memory = ::operator new(sizeof(Block) + bytes.size());
  auto* block = new (memory) Block{{1}, static_cast<std::uint32_t>(bytes.size())};
  if (!bytes.empty()) std::memcpy(static_cast<void*>(block + 1), bytes.data(), bytes.size());
  return SharedFrame(block);
}

void SharedFrame::destroy(Block* block) {
  block->~Block();
  ::operator delete(block);
}

}  // namespace relay
