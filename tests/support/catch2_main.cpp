// Catch2 2 has no ready-made main; Catch2 3 does and does not use this file.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
