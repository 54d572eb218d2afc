// The fields of one HTTP message head, in their order, in one run of bytes.
//
// A value: owns copies of all names and values in a single string, with offsets beside it, so that a usual
// head costs one allocation, and one of any size two. Views returned live until the next add() or the end of
// the object. Names compare without regard to ASCII case (RFC 9110 §5.1). One thread at a time.
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::wire {

// An HTTP token (RFC 9110 §5.6.2): method names, field names, list elements. Empty is not.
bool is_http_token(std::string_view text);
// Free of CR, LF, NUL and other controls but tab: may stand as a field value (RFC 9110 §5.5).
bool is_http_field_value(std::string_view text);
// Whether a comma-separated list ("keep-alive, Upgrade") has the token, without regard to case.
bool list_has_token(std::string_view list, std::string_view token);

class HttpHeaders {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  void reserve(std::size_t bytes);
  // REQUIRES: all fields together are less than 4 GiB.
  void add(std::string_view name, std::string_view value);
  void clear();

  std::size_t size() const { return spans_.size(); }
  Field at(std::size_t index) const;  // REQUIRES: index < size()

  std::optional<std::string_view> find(std::string_view name) const;  // the first of that name
  std::vector<std::string_view> all(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  // Whether any field of that name, read as a comma-separated list, has the token.
  bool has_token(std::string_view name, std::string_view token) const;

 private:
  struct Span {  // the value follows its name
    std::uint32_t offset;
    std::uint32_t name_size;
    std::uint32_t value_size;
  };
  std::string_view name_of(const Span& span) const { return {bytes_.data() + span.offset, span.name_size}; }
  std::string_view value_of(const Span& span) const {
    return {bytes_.data() + span.offset + span.name_size, span.value_size};
  }

  std::string bytes_;
  boost::container::small_vector<Span, 12> spans_;
};

}  // namespace relay::wire
