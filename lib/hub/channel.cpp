#include "hub/channel.hpp"

#include "base/text.hpp"

namespace relay::hub {

ChannelName ChannelName::copy_of(std::string_view name) {
  const std::size_t hash = hash_of(name);
  ChannelName made;
  made.block_ = SharedFrame::joined({reinterpret_cast<const char*>(&hash), sizeof hash}, name);
  return made;
}

Result<bool> check_channel_name(std::string_view name) {
  const auto wrong = [](std::string why) {
    return make_error(ErrorKind::kInvalid, "bad_channel", std::move(why));
  };
  if (name.empty()) return wrong("channel name is empty");
  if (name.size() > kMaxChannelBytes) return wrong("channel name is longer than 255 bytes");
  if (!is_printable_name(name)) {
    return wrong("channel name has a space, a control character or bytes that are not UTF-8");
  }
  if (name.front() == '$') return wrong("channel names that begin with '$' are reserved");
  return true;
}

Result<bool> check_heard_name(std::string_view name) {
  return check_channel_name(subject_of(name));
}

std::string_view namespace_of(std::string_view channel) {
  const auto colon = channel.find(':');
  return colon == std::string_view::npos ? std::string_view{} : channel.substr(0, colon);
}

}  // namespace relay::hub
