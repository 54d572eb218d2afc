# Writes OUT, which says which commit SOURCE is at ("-dirty": with changes), or COMMIT if that is given. Run at each
# build; the file changes only when the answer does. No git, no repository: the answer is empty.
if(NOT COMMIT)
  find_program(GIT git)
  if(GIT AND EXISTS ${SOURCE}/.git)
    # Without optional locks: a build must not get into the way of somebody's commit.
    execute_process(COMMAND ${GIT} --no-optional-locks -C ${SOURCE} rev-parse --short=12 HEAD
      OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    execute_process(COMMAND ${GIT} --no-optional-locks -C ${SOURCE} diff --quiet HEAD
      RESULT_VARIABLE changed OUTPUT_QUIET ERROR_QUIET)
    if(COMMIT AND NOT changed EQUAL 0)
      string(APPEND COMMIT "-dirty")
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${OUT} @ONLY CONTENT
[[#include "base/commit.hpp"

std::string_view relay::build_commit() {
  return "@COMMIT@";
}
]])
