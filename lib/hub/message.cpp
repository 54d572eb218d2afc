#include "hub/message.hpp"

#include <algorithm>

namespace relay::hub {

boost::intrusive_ptr<Message> Message::make(MessageId id, Draft&& draft) {
  const std::size_t text = draft.event.size() + draft.data.size() + draft.from.size() + draft.trace.size();
  void* const memory = ::operator new(sizeof(Message) + text);
  return boost::intrusive_ptr<Message>(new (memory) Message(id, std::move(draft)));
}

// Hot: once per publish. The parts follow each other as data() and its like read them.
Message::Message(MessageId id, Draft&& draft)
    : ttl_ms_(draft.ttl_ms),
      id_(id),
      channel_(std::move(draft.channel)),
      event_size_(static_cast<std::uint32_t>(draft.event.size())),
      data_size_(static_cast<std::uint32_t>(draft.data.size())),
      from_size_(static_cast<std::uint32_t>(draft.from.size())),
      trace_size_(static_cast<std::uint32_t>(draft.trace.size())),
      is_json_(draft.is_json) {
  if (!draft.exclude.empty())
    exclude_ = std::make_unique<const std::vector<std::string>>(std::move(draft.exclude));
  char* at = reinterpret_cast<char*>(this + 1);
  for (const std::string* part : {&draft.event, &draft.data, &draft.from, &draft.trace})
    at = std::copy(part->begin(), part->end(), at);
}

Draft Message::draft() const {
  return {channel_,
          std::string(event()),
          std::string(data()),
          is_json_,
          ttl_ms_,
          std::string(from()),
          {exclude().begin(), exclude().end()},
          std::string(trace())};
}

}  // namespace relay::hub
