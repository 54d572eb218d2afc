#include "report/json.hpp"

#include "base/clock.hpp"
#include "cli/human.hpp"
#include "report/json_fields.hpp"

namespace relay::bench {
namespace {

constexpr const char* kSchema = "relaybench/1";

using Latencies = std::array<Histogram, kLatencies>;

Json summary(const Histogram& h) {
  Json out{{"unit", "ns"},     {"count", h.count()},   {"min", h.min()},
           {"mean", h.mean()}, {"stddev", h.stddev()}, {"max", h.max()}};
  constexpr std::array<std::pair<const char*, double>, 7> kPercentiles{
      {{"p50", 50}, {"p75", 75}, {"p90", 90}, {"p95", 95}, {"p99", 99}, {"p999", 99.9}, {"p9999", 99.99}}};
  for (const auto& [key, percent] : kPercentiles) out[key] = h.percentile(percent);
  out["above_range"] = h.above_range();
  Json buckets = Json::array();
  for (const auto& bucket : h.buckets()) buckets.push_back(Json::array({bucket.index, bucket.count}));
  out["hist"] = {
      {"digits", Histogram::kDigits}, {"lowest", Histogram::kLowestNs}, {"buckets", std::move(buckets)}};
  return out;
}

Json write(const Latencies& latencies) {
  Json out = Json::object();
  for (const LatencyRow& row : kLatencyRows) {
    const Histogram& histogram = latencies[static_cast<std::size_t>(row.which)];
    if (!histogram.empty()) out[std::string(row.key)] = summary(histogram);
  }
  return out;
}

template <class T>
Json write(const std::vector<T>& list) {
  Json out = Json::array();
  for (const T& item : list) out.push_back(Writer::of(item));
  return out;
}
template <class T>
Json write(const std::vector<std::pair<std::string, T>>& map) {
  Json out = Json::object();
  for (const auto& [key, value] : map) out[key] = value;
  return out;
}
Json write(const std::vector<Setting>& settings) {
  Json out = Json::object();
  for (const Setting& setting : settings)
    std::visit([&](const auto& value) { out[setting.key] = value; }, setting.value);
  return out;
}

template <class T>
concept Scalar = std::is_arithmetic_v<T> || std::is_same_v<T, std::string>;

// What Histogram::from_buckets needs, out of what summary() wrote.
struct Parts {
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::uint64_t above_range = 0;
  std::vector<Histogram::Bucket> buckets;
};
template <class A>
void fields(A& a, Parts& parts) {
  a("min", parts.min), a("max", parts.max), a("above_range", parts.above_range), a("hist", parts.buckets);
}

void read_value(Reader& reader, const Json& json, const std::string& path,
                std::vector<Histogram::Bucket>& out) {
  const auto list = json.is_object() ? json.find("buckets") : json.end();
  if (!json.is_object() || list == json.end() || !list->is_array())
    return reader.fail(path, "an object with buckets");
  for (const Json& pair : *list) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_unsigned() ||
        !pair[1].is_number_unsigned())
      return reader.fail(path + ".buckets", "a list of [index, count]");
    const auto index = pair[0].get<std::uint64_t>();
    out.push_back({static_cast<std::uint32_t>(std::min<std::uint64_t>(index, Histogram::kBuckets)),
                   pair[1].get<std::uint64_t>()});
  }
}

void read_value(Reader& reader, const Json& json, const std::string& path, Latencies& out) {
  if (!json.is_object()) return reader.fail(path, "an object");
  for (const LatencyRow& row : kLatencyRows) {
    const auto found = json.find(std::string(row.key));
    if (found == json.end()) continue;
    const std::string below = path + "." + std::string(row.key);
    Parts parts;
    reader.read(*found, below, parts);
    if (reader.failed()) return;
    auto histogram = Histogram::from_buckets(parts.buckets, parts.min, parts.max, parts.above_range);
    if (histogram.has_error()) return reader.fail(below + ".hist", "a histogram that agrees with itself");
    out[static_cast<std::size_t>(row.which)] = std::move(*histogram);
  }
}

template <class T>
void read_value(Reader& reader, const Json& json, const std::string& path, std::vector<T>& out) {
  if (!json.is_array()) return reader.fail(path, "a list");
  for (std::size_t i = 0; i < json.size() && !reader.failed(); ++i)
    reader.read(json[i], path + "[" + std::to_string(i) + "]", out.emplace_back());
}
template <class T>
void read_value(Reader& reader, const Json& json, const std::string& path,
                std::vector<std::pair<std::string, T>>& out) {
  if (!json.is_object()) return reader.fail(path, "an object");
  for (const auto& [key, value] : json.items())
    reader.read(value, path + "." + key, out.emplace_back(key, T{}).second);
}
void read_value(Reader& reader, const Json& json, const std::string& path, std::vector<Setting>& out) {
  if (!json.is_object()) return reader.fail(path, "an object");
  for (const auto& [key, value] : json.items()) {
    Setting& setting = out.emplace_back(Setting{key, {}});
    if (value.is_boolean())
      setting.value = value.get<bool>();
    else if (value.is_number_integer())
      setting.value = value.get<std::int64_t>();
    else if (value.is_number())
      setting.value = value.get<double>();
    else if (value.is_string())
      setting.value = value.get<std::string>();
    else
      reader.fail(path + "." + key, "a plain value");
  }
}

// Indenting everything would make each bucket four lines.
std::string one_key_a_line(const Json& document) {
  std::string out;
  for (const auto& [key, value] : document.items())
    out += (out.empty() ? "{\n" : ",\n") + Json(key).dump() + ": " +
           value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return out + "\n}\n";
}

}  // namespace

template <class T>
Json Writer::of(const T& value) {
  if constexpr (Scalar<T>) {
    return value;
  } else if constexpr (requires { write(value); }) {
    return write(value);
  } else {
    Json out;
    Writer writer(out);
    fields(writer, value);
    return out;
  }
}

template <std::integral T>
void Reader::read_integer(const Json& json, const std::string& path, T& value) {
  if (!json.is_number_integer() || (std::is_unsigned_v<T> && !json.is_number_unsigned()))
    return fail(path, std::is_unsigned_v<T> ? "a count" : "a whole number");
  const bool fits = json.is_number_unsigned() ? std::in_range<T>(json.get<std::uint64_t>())
                                              : std::in_range<T>(json.get<std::int64_t>());
  if (!fits) return fail(path, "a smaller number");
  value = json.get<T>();
}

template <class T>
void Reader::read(const Json& json, const std::string& path, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    json.is_boolean() ? void(value = json.get<bool>()) : fail(path, "true or false");
  } else if constexpr (std::integral<T>) {
    read_integer(json, path, value);
  } else if constexpr (std::is_same_v<T, double>) {
    json.is_number() ? void(value = json.get<double>()) : fail(path, "a number");
  } else if constexpr (std::is_same_v<T, std::string>) {
    json.is_string() ? void(value = json.get<std::string>()) : fail(path, "a text");
  } else if constexpr (requires { read_value(*this, json, path, value); }) {
    read_value(*this, json, path, value);
  } else {
    Reader reader(json, path, fault_);
    if (!reader.failed()) fields(reader, value);
  }
}

void Reader::time(const char* key, std::int64_t& ms) {
  std::string text;
  (*this)(key, text);
  if (failed()) return;
  ms = cli::parse_rfc3339(text);
  if (ms < 0) fail(below(key), "a time as in RFC 3339, in UTC,");
}

std::string to_json(const RunResult& result) {
  Json out;
  Writer writer(out);
  writer("schema", std::string(kSchema));
  fields(writer, result);
  return one_key_a_line(out);
}

Result<RunResult> from_json(std::string_view text) {
  const auto bad = [](const std::string& why) { return make_error(ErrorKind::kInvalid, "bad_result", why); };
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return bad("not JSON");
  if (!json.is_object() || json.value("schema", Json()) != kSchema)
    return bad(std::string("not a result of relaybench: its \"schema\" is not \"") + kSchema + "\"");
  RunResult out;
  std::string fault;
  Reader reader(json, "", fault);
  fields(reader, out);
  if (!fault.empty()) return bad(fault);
  return out;
}

}  // namespace relay::bench
