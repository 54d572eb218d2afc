// Which commit this program was built from: "3f2a9c01b7de", with "-dirty" behind it when the sources were
// changed; empty when nobody knew. commit.cmake writes its source at each build, so only programs link it.
// Constant; any thread.
#pragma once

#include <string_view>

namespace relay {

std::string_view build_commit();

}  // namespace relay
