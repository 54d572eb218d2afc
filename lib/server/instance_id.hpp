// The name of this instance: from the options, or made up once and kept in the state directory. Main thread,
// before the loops run.
#pragma once

#include <string>

#include "base/error.hpp"

namespace relay::server {

// The file `instance-id` of a state directory. While this object lives it is locked, so that two processes
// which share the directory do not share the name.
class InstanceIdFile {
 public:
  InstanceIdFile() = default;
  ~InstanceIdFile();
  InstanceIdFile(const InstanceIdFile&) = delete;
  InstanceIdFile& operator=(const InstanceIdFile&) = delete;

  // The name kept there, made up and written if there is none. kUnavailable "state_in_use" if another process
  // holds it; kInvalid "bad_state" if it cannot be read or written, or holds no name.
  Result<std::string> open(const std::string& directory);

 private:
  int fd_ = -1;
};

std::string made_up_instance_id();  // 12 hex digits

}  // namespace relay::server
