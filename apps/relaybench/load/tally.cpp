#include "load/tally.hpp"

#include <algorithm>

namespace relay::bench {
namespace {

// The plain numbers of the structs below, once for all three operations.
template <class F, class Visit>
void each_number(F& figures, Visit&& visit) {
  visit(figures.published);
  visit(figures.publish_errors);
  visit(figures.connected);
  visit(figures.connect_errors);
  visit(figures.delivered);
  visit(figures.bytes_in);
  visit(figures.bytes_out);
}

template <class D, class Visit>
void each_count(D& delivery, Visit&& visit) {
  visit(delivery.expected);
  visit(delivery.received);
  visit(delivery.lost);
  visit(delivery.duplicate);
  visit(delivery.reordered);
  visit(delivery.corrupt);
  visit(delivery.foreign);
  visit(delivery.late);
  visit(delivery.unacknowledged);
}

// Adds the numbers of `from` to those of `to`, in the order of `each`.
template <class T, class Each>
void add_numbers(T& to, const T& from, Each&& each) {
  std::vector<std::uint64_t> numbers;
  each(from, [&](std::uint64_t number) { numbers.push_back(number); });
  std::size_t at = 0;
  each(to, [&](std::uint64_t& number) { number += numbers[at++]; });
}

void put_figures(Packer& out, const Figures& figures) {
  each_number(figures, [&](std::uint64_t number) { out.put(number); });
  for (const Histogram& histogram : figures.latency) out.put(histogram);
}

Figures take_figures(Unpacker& in) {
  Figures figures;
  each_number(figures, [&](std::uint64_t& number) { in.take(number); });
  for (Histogram& histogram : figures.latency) histogram = in.take_histogram();
  return figures;
}

void put_sample(Packer& out, const Delivery::Sample& sample) {
  out.put(sample.kind).put(sample.channel).put(sample.id);
  out.put(sample.subscriber).put(sample.publisher).put(sample.sequence);
}

Delivery::Sample take_sample(Unpacker& in) {
  Delivery::Sample sample;
  sample.kind = in.take_text();
  sample.channel = in.take_text();
  sample.id = in.take_text();
  in.take(sample.subscriber);
  in.take(sample.publisher);
  in.take(sample.sequence);
  return sample;
}

const auto kEachNumber = [](auto& figures, auto&& visit) { each_number(figures, visit); };
const auto kEachCount = [](auto& delivery, auto&& visit) { each_count(delivery, visit); };

}  // namespace

void merge_figures(Figures& to, const Figures& from) {
  add_numbers(to, from, kEachNumber);
  for (std::size_t i = 0; i < kLatencies; ++i) to.latency[i].merge(from.latency[i]);
}

void IntervalTally::merge(const IntervalTally& other) {
  published += other.published;
  delivered += other.delivered;
  clients += other.clients;
  gaps += other.gaps;
  add_numbers(delivery, other.delivery, kEachCount);
  publish_errors += other.publish_errors;
  connect_errors += other.connect_errors;
  end_to_end.merge(other.end_to_end);
  connect.merge(other.connect);
  lag.merge(other.lag);
}

void IntervalTally::append_to(Packer& out) const {
  out.put(published).put(delivered).put(clients).put(gaps).put(publish_errors).put(connect_errors);
  each_count(delivery, [&](std::uint64_t number) { out.put(number); });
  out.put(end_to_end).put(connect).put(lag);
}

IntervalTally IntervalTally::take(Unpacker& in) {
  IntervalTally interval;
  in.take(interval.published);
  in.take(interval.delivered);
  in.take(interval.clients);
  in.take(interval.gaps);
  in.take(interval.publish_errors);
  in.take(interval.connect_errors);
  each_count(interval.delivery, [&](std::uint64_t& number) { in.take(number); });
  interval.end_to_end = in.take_histogram();
  interval.connect = in.take_histogram();
  interval.lag = in.take_histogram();
  return interval;
}

void Tally::fail(std::string_view kind, std::string_view first) {
  auto found = errors.find(kind);
  if (found == errors.end()) found = errors.emplace(kind, ErrorTally{0, std::string(first)}).first;
  ++found->second.count;
}

void Tally::blame(Delivery::Sample sample) {
  if (delivery.samples.size() < Delivery::kMaxSamples) delivery.samples.push_back(std::move(sample));
}

void Tally::merge(const Tally& other) {
  for (std::size_t i = 0; i < stages.size() && i < other.stages.size(); ++i) {
    merge_figures(stages[i], other.stages[i]);
  }
  connect.merge(other.connect);
  connected += other.connected;
  connect_errors += other.connect_errors;
  add_numbers(delivery, other.delivery, kEachCount);
  for (const Delivery::Sample& sample : other.delivery.samples) blame(sample);
  for (const auto& [kind, error] : other.errors) {
    ErrorTally& here = errors[kind];
    if (here.count == 0) here.first = error.first;
    here.count += error.count;
  }
  lag.merge(other.lag);
  silence.merge(other.silence);
  dropped_slots += other.dropped_slots;
  cpu = std::max(cpu, other.cpu);
}

void Tally::append_to(Packer& out) const {
  out.put(static_cast<std::uint64_t>(stages.size()));
  for (const Figures& figures : stages) put_figures(out, figures);
  out.put(connect).put(connected).put(connect_errors);
  each_count(delivery, [&](std::uint64_t number) { out.put(number); });
  out.put(static_cast<std::uint64_t>(delivery.samples.size()));
  for (const Delivery::Sample& sample : delivery.samples) put_sample(out, sample);
  out.put(static_cast<std::uint64_t>(errors.size()));
  for (const auto& [kind, error] : errors) out.put(kind).put(error.count).put(error.first);
  out.put(lag).put(silence).put(dropped_slots).put(cpu);
}

Tally Tally::take(Unpacker& in) {
  Tally tally(in.take<std::uint64_t>());
  for (Figures& figures : tally.stages) figures = take_figures(in);
  tally.connect = in.take_histogram();
  in.take(tally.connected);
  in.take(tally.connect_errors);
  each_count(tally.delivery, [&](std::uint64_t& number) { in.take(number); });
  for (auto left = in.take<std::uint64_t>(); left > 0; --left) tally.blame(take_sample(in));
  for (auto left = in.take<std::uint64_t>(); left > 0; --left) {
    const std::string kind = in.take_text();
    ErrorTally& error = tally.errors[kind];
    in.take(error.count);
    error.first = in.take_text();
  }
  tally.lag = in.take_histogram();
  tally.silence = in.take_histogram();
  in.take(tally.dropped_slots);
  in.take(tally.cpu);
  return tally;
}

}  // namespace relay::bench
