// What the system lets this process hold. Any thread.
#pragma once

#include <cstddef>

namespace relay::server {

// Raises the soft limit of open files to the hard one; returns what it is then.
std::size_t raise_file_limit();

// Clients that fit: 95 % of the descriptors, less what relayd needs for itself.
std::size_t client_capacity(std::size_t files);

}  // namespace relay::server
