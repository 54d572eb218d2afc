#include "stored_log.hpp"

#include <charconv>

#include "storage/redis/record.hpp"

namespace relay::ctl {
namespace {

// A score that is an id: Redis writes doubles as short as they get.
MessageId id_of_score(std::string_view score) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(score.data(), score.data() + score.size(), id);
  return error == std::errc{} && end == score.data() + score.size() ? id : 0;
}

// Elements and scores, one after the other.
std::vector<Element> elements_of(const wire::RespValue& answer, const std::string& channel) {
  std::vector<Element> elements;
  elements.reserve(answer.size() / 2);
  for (std::size_t i = 0; i + 1 < answer.size(); i += 2) {
    elements.push_back(parse_element(answer[i].text(), answer[i + 1].text(), channel));
  }
  return elements;
}

}  // namespace

Element parse_element(std::string_view bytes, std::string_view score, std::string_view channel) {
  Element element;
  element.bytes = bytes;
  element.score = score;
  if (const auto marked = redis::parse_marker(bytes)) {
    element.kind = ElementKind::kMarker;
    element.id = *marked;
  } else if (const auto head = redis::parse_record_head(bytes)) {
    element.id = head->id;
    if (head->ttl_ms == 0) {
      element.kind = ElementKind::kTombstone;
    } else if ((element.message = redis::parse_record(bytes, hub::ChannelName::copy_of(channel)))) {
      element.kind = ElementKind::kMessage;
    }
  }
  return element;
}

Outcome<void> read_log(Stored& stored, const std::string& channel, MessageId after, MessageId through,
                       const std::function<bool(const Element&)>& on_element) {
  const std::uint32_t partition = stored.partition_of(channel);
  const std::string top = std::to_string(through);
  for (bool more = true; more;) {
    more = false;
    stored.ask(partition,
               {"ZRANGEBYSCORE", stored.keys(partition).log(channel), "(" + std::to_string(after), top,
                "WITHSCORES", "LIMIT", "0", std::to_string(kPageElements)},
               [&](const wire::RespValue& answer) {
                 more = answer.size() / 2 == kPageElements;
                 for (const Element& element : elements_of(answer, channel)) {
                   after = std::max(after, id_of_score(element.score));
                   if (!on_element(element)) {
                     more = false;
                     return;
                   }
                 }
               });
    if (const auto settled = stored.settle(); !settled) return settled.error();
  }
  return {};
}

Outcome<void> read_whole_log(Stored& stored, const std::string& channel,
                             const std::function<void(const Element&)>& on_element) {
  const std::uint32_t partition = stored.partition_of(channel);
  std::uint64_t at = 0;
  for (bool more = true; more;) {
    more = false;
    stored.ask(partition,
               {"ZRANGE", stored.keys(partition).log(channel), std::to_string(at),
                std::to_string(at + kPageElements - 1), "WITHSCORES"},
               [&](const wire::RespValue& answer) {
                 more = answer.size() / 2 == kPageElements;
                 for (const Element& element : elements_of(answer, channel)) on_element(element);
               });
    if (const auto settled = stored.settle(); !settled) return settled.error();
    at += kPageElements;
  }
  return {};
}

Outcome<std::vector<Element>> read_id(Stored& stored, const std::string& channel, MessageId id) {
  const std::uint32_t partition = stored.partition_of(channel);
  const std::string score = std::to_string(id);
  std::vector<Element> found;
  stored.ask(partition, {"ZRANGEBYSCORE", stored.keys(partition).log(channel), score, score, "WITHSCORES"},
             [&](const wire::RespValue& answer) { found = elements_of(answer, channel); });
  if (const auto settled = stored.settle(); !settled) return settled.error();
  return found;
}

void glance(Stored& stored, const std::string& channel, LogGlance& into) {
  const std::uint32_t partition = stored.partition_of(channel);
  const std::string log = stored.keys(partition).log(channel);
  stored.ask(partition, {"TYPE", log}, [&into](const wire::RespValue& type) { into.type = type.text(); });
  stored.try_ask(partition, {"ZCARD", log},
                 [&into](const wire::RespValue& count) { into.elements = count.integer(); });
  stored.try_ask(partition, {"ZRANGE", log, "0", "1", "WITHSCORES"}, [&into](const wire::RespValue& lowest) {
    if (lowest.size() < 2) return;
    into.has_marker = redis::is_marker(lowest[0].text());
    const std::size_t first = into.has_marker ? 3 : 1;
    if (first < lowest.size()) into.first = id_of_score(lowest[first].text());
  });
  stored.try_ask(partition, {"ZRANGE", log, "-1", "-1", "WITHSCORES"},
                 [&into](const wire::RespValue& highest) {
                   if (highest.size() == 2) into.newest = id_of_score(highest[1].text());
                 });
  stored.try_ask(partition, {"GET", stored.keys(partition).last(channel)},
                 [&into](const wire::RespValue& last) { into.last = parse_id(last.text()).value_or(0); });
  stored.ask(partition, {"PTTL", log},
             [&into](const wire::RespValue& left) { into.expires_ms = left.integer(); });
  stored.try_ask(partition, {"MEMORY", "USAGE", log},
                 [&into](const wire::RespValue& bytes) { into.memory = bytes.integer(); });
}

Outcome<std::vector<Bounds>> read_bounds(Stored& stored) {
  std::vector<Bounds> bounds(stored.partitions());
  for (std::uint32_t i = 0; i < stored.partitions(); ++i) {
    stored.ask(i, {"GET", stored.keys(i).epoch()}, [&bounds, i](const wire::RespValue& epoch) {
      bounds[i].epoch = parse_id(epoch.text()).value_or(0);
    });
    stored.ask(i, {"GET", stored.keys(i).seq()}, [&bounds, i](const wire::RespValue& last) {
      bounds[i].last = parse_id(last.text()).value_or(0);
    });
  }
  if (const auto settled = stored.settle(); !settled) return settled.error();
  return bounds;
}

}  // namespace relay::ctl
