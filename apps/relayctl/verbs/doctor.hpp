// doctor: what stands in the way of relayd, and what to do about it.
#pragma once

#include "verb.hpp"

namespace relay::ctl {

Form doctor_form();
int doctor(Context& context);

}  // namespace relay::ctl
