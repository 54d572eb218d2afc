// Messages that were sent and not acknowledged: refused ones need not come, of unknown ones nobody can say. A
// sorted list, gathered from all publishers before anybody judges a loss. Values; one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

#include "load/pack.hpp"

namespace relay::bench {

struct Exception {
  std::uint32_t stream = 0;
  std::uint32_t sequence = 0;
  bool unknown = false;  // else: refused
  auto order() const { return std::tie(stream, sequence); }
};

class Exceptions {
 public:
  void add(Exception exception) { list_.push_back(exception); }
  void sort() {
    std::sort(list_.begin(), list_.end(),
              [](const Exception& a, const Exception& b) { return a.order() < b.order(); });
  }
  // Calls visit(exception) for those of the stream from `first` to `last`. REQUIRES: sort() came after add().
  template <class Visit>
  void each(std::uint32_t stream, std::uint32_t first, std::uint32_t last, Visit&& visit) const {
    const Exception from{stream, first, false};
    auto at = std::lower_bound(list_.begin(), list_.end(), from,
                               [](const Exception& a, const Exception& b) { return a.order() < b.order(); });
    for (; at != list_.end() && at->stream == stream && at->sequence <= last; ++at) visit(*at);
  }
  std::size_t size() const { return list_.size(); }

  void append_to(Packer& out) const {
    for (const Exception& one : list_) out.put(one.stream).put(one.sequence).put(one.unknown);
  }
  // Everything in `bytes`, which may be several lists one behind the other.
  static Exceptions take(std::string_view bytes) {
    Exceptions all;
    for (Unpacker in(bytes); !in.empty();) {
      Exception one;
      in.take(one.stream);
      in.take(one.sequence);
      in.take(one.unknown);
      all.add(one);
    }
    all.sort();
    return all;
  }

 private:
  std::vector<Exception> list_;
};

}  // namespace relay::bench
