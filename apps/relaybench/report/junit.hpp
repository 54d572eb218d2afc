// A result as JUnit XML: a testcase for the generator, one for the delivery, one for each threshold.
//
// The form is the one that Jenkins, GitLab and GitHub's reporters read (testsuites, testsuite, testcase,
// failure). Pure; any thread.
#pragma once

#include <string>

#include "result.hpp"

namespace relay::bench {

std::string to_junit(const RunResult& result);

}  // namespace relay::bench
