#include "load/plan_bytes.hpp"

#include <type_traits>

namespace relay::bench {
namespace {

// The fields of each struct, once for both ways.
template <class A>
void each(A& a, TargetPlan& t) {
  a(t.driver), a(t.url), a(t.publish_url), a(t.transports), a(t.publish_transport), a(t.headers), a(t.tokens);
  a(t.source_addresses), a(t.ca_file), a(t.insecure), a(t.driver_options);
}
template <class A>
void each(A& a, Shape& s) {
  a(s.subscribers), a(s.channels), a(s.channels_per_subscriber), a(s.hex_channels), a(s.publishers),
      a(s.rate);
  a(s.closed), a(s.window), a(s.size_min), a(s.size_max), a(s.ephemeral), a(s.churn), a(s.kill_share);
  a(s.kill_every), a(s.reconnect_after), a(s.slow_share), a(s.slow_rate);
}
template <class A>
void each(A& a, StagePlan& s) {
  a(s.name), a(s.duration), a(s.clients), a(s.rate), a(s.ramp), a(s.churn);
}
template <class A>
void each(A& a, Plan& p) {
  each(a, p.target), each(a, p.shape);
  a(p.name), a(p.stages), a(p.connect_rate), a(p.warmup), a(p.grace), a(p.interval), a(p.seed),
      a(p.processes);
}
template <class A, class K, class V>
void each(A& a, std::pair<K, V>& pair) {
  a(pair.first), a(pair.second);
}

class Writer {
 public:
  template <class T>
  void operator()(T& value) {
    if constexpr (std::is_enum_v<T>) {
      out_.put(static_cast<std::uint32_t>(value));
    } else if constexpr (std::is_arithmetic_v<T>) {
      out_.put(value);
    } else {
      each(*this, value);
    }
  }
  void operator()(std::string& text) { out_.put(std::string_view(text)); }
  void operator()(milliseconds& time) { out_.put(std::int64_t{time.count()}); }
  void operator()(std::optional<double>& value) { out_.put(value.has_value()).put(value.value_or(0)); }
  template <class T>
  void operator()(std::vector<T>& list) {
    out_.put(static_cast<std::uint64_t>(list.size()));
    for (T& one : list) (*this)(one);
  }
  void operator()(std::map<std::string, std::string>& map) {
    std::vector<std::pair<std::string, std::string>> list(map.begin(), map.end());
    (*this)(list);
  }
  const std::string& bytes() const { return out_.bytes(); }

 private:
  Packer out_;
};

class Reader {
 public:
  explicit Reader(Unpacker& in) : in_(in) {}
  template <class T>
  void operator()(T& value) {
    if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(in_.take<std::uint32_t>());
    } else if constexpr (std::is_arithmetic_v<T>) {
      in_.take(value);
    } else {
      each(*this, value);
    }
  }
  void operator()(std::string& text) { text = in_.take_text(); }
  void operator()(milliseconds& time) { time = milliseconds(in_.take<std::int64_t>()); }
  void operator()(std::optional<double>& value) {
    const bool there = in_.take<bool>();
    const auto number = in_.take<double>();
    value = there ? std::optional(number) : std::nullopt;
  }
  template <class T>
  void operator()(std::vector<T>& list) {
    list.clear();
    for (auto left = in_.take<std::uint64_t>(); left > 0 && !in_.empty(); --left)
      (*this)(list.emplace_back());
  }
  void operator()(std::map<std::string, std::string>& map) {
    std::vector<std::pair<std::string, std::string>> list;
    (*this)(list);
    map = {list.begin(), list.end()};
  }

 private:
  Unpacker& in_;
};

}  // namespace

std::string plan_bytes(const Plan& plan) {
  Plan copy = plan;
  Writer writer;
  each(writer, copy);
  return writer.bytes();
}

Plan take_plan(Unpacker& in) {
  Plan plan;
  Reader reader(in);
  each(reader, plan);
  return plan;
}

Plan part_of(const Plan& plan, std::size_t index) {
  const std::uint64_t workers = plan.workers.size();
  const std::uint64_t channels = plan.shape.channels;
  const std::uint64_t from = channels * index / workers;
  const std::uint64_t to = channels * (index + 1) / workers;
  const auto part = [&](std::uint64_t whole) {
    return static_cast<std::uint32_t>(whole * to / channels - whole * from / channels);
  };
  const double share = static_cast<double>(to - from) / static_cast<double>(channels);
  Plan out = plan;
  out.workers.clear();
  out.worker_secret.clear();
  out.server = {};
  out.seed += index * 1'000'003;
  Shape& shape = out.shape;
  shape.channels = static_cast<std::uint32_t>(to - from);
  shape.subscribers = part(plan.shape.subscribers);
  shape.publishers = part(plan.shape.publishers);
  shape.rate *= share;
  shape.churn *= share;
  out.connect_rate *= share;
  for (StagePlan& stage : out.stages) {
    stage.action.clear();
    if (stage.churn) *stage.churn *= share;
  }
  return out;
}

}  // namespace relay::bench
