// The one header that knows whether Catch2 is version 2 (Debian 12) or 3 (Debian 13).
#pragma once
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#define CATCH_CONFIG_ENABLE_BENCHMARKING_DISABLED
#include <catch2/catch.hpp>
#endif
