// Channel options by namespace, as the configuration says. Pure; any thread.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "hub/channel.hpp"
#include "options/options.hpp"

namespace relay::hub {

inline ChannelOptions channel_options(const options::ChannelKeep& keep) {
  ChannelOptions options;
  options.max_count = static_cast<std::uint32_t>(keep.max_count);
  options.max_bytes = static_cast<std::uint64_t>(keep.max_bytes);
  options.max_age = keep.max_age;
  options.ephemeral = keep.ephemeral;
  options.presence = keep.presence;
  return options;
}

inline Namespaces namespaces_of(const options::Options& options) {
  std::map<std::string, ChannelOptions, std::less<>> by_namespace;
  for (const auto& [name, keep] : options.namespaces) by_namespace.emplace(name, channel_options(keep));
  return {channel_options(options.channel), std::move(by_namespace)};
}

}  // namespace relay::hub
