// Which server is measured, as it says itself: the version on its metrics page ("relayd 0.1.0", of a series
// NAME_build_info), else the field Server of an HTTP answer (RFC 9110 §10.2.4: "nginx/1.26.3"). One thread.
#pragma once

#include <map>
#include <string>

#include "plan.hpp"

namespace relay::bench {

// Asks once, for at most a second, before the load begins. Empty: it does not say; over TLS it is not asked.
std::string server_version(const TargetPlan& target, const std::map<std::string, double>& metrics);

}  // namespace relay::bench
