// A network namespace of the test's own, in which it may drop packets: everything stays on 127.0.0.0/8, but
// nobody else is there.
//
// enter() before the process has threads; what it starts afterwards lives there too. Rules need nft
// (nftables).
#pragma once

#include <string>
#include <string_view>

namespace relay::test {

class OwnNetwork {
 public:
  // Empty, or why this process may not have one.
  static std::string enter();

  // An nft match; packets that it fits vanish without a word until the object goes. Throws
  // std::runtime_error.
  class Drop {
   public:
    explicit Drop(std::string_view match);
    ~Drop();
    Drop(const Drop&) = delete;
    Drop& operator=(const Drop&) = delete;
    void add(std::string_view match) const;
  };
};

}  // namespace relay::test
