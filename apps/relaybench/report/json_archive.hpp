// Two archives over one list of fields (json_fields.hpp): Writer makes JSON of a struct, Reader fills a
// struct.
//
// The Reader keeps the first fault and its path, and skips the rest. For json.cpp alone; one thread.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "result.hpp"

namespace relay::bench {

using Json = nlohmann::ordered_json;

template <class T, class Archive>
using In = std::conditional_t<Archive::kWrites, const T, T>;

class Writer {
 public:
  static constexpr bool kWrites = true;
  explicit Writer(Json& json) : json_(json) { json_ = Json::object(); }

  template <class T>
  void operator()(const char* key, const T& value) {
    if constexpr (requires { value.has_value(); }) {
      if (value) json_[key] = of(*value);
    } else {
      json_[key] = of(value);
    }
  }
  void time(const char* key, std::int64_t ms) { json_[key] = rfc3339(ms); }

  template <class T>
  static Json of(const T& value);

 private:
  Json& json_;
};

class Reader {
 public:
  static constexpr bool kWrites = false;
  Reader(const Json& json, std::string path, std::string& fault)
      : json_(json), path_(std::move(path)), fault_(fault) {
    if (!json_.is_object()) fail(path_, "an object");
  }

  template <class T>
  void operator()(const char* key, T& value) {
    if (!fault_.empty()) return;
    const auto found = json_.find(key);
    if constexpr (requires { value.has_value(); }) {
      if (found != json_.end()) read(*found, below(key), value.emplace());
    } else if (found == json_.end()) {
      fail(below(key), "this key");
    } else {
      read(*found, below(key), value);
    }
  }
  void time(const char* key, std::int64_t& ms);

  // As operator(), for a value whose path is known.
  template <class T>
  void read(const Json& json, const std::string& path, T& value);

  void fail(const std::string& path, const char* expected) {
    if (fault_.empty()) fault_ = (path.empty() ? "the document" : path) + ": " + expected + " was expected";
  }
  bool failed() const { return !fault_.empty(); }
  std::string below(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

 private:
  template <std::integral T>
  void read_integer(const Json& json, const std::string& path, T& value);

  const Json& json_;
  std::string path_;
  std::string& fault_;
};

}  // namespace relay::bench
