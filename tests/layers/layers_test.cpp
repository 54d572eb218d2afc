#include "layers/include_rules.hpp"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "support/catch.hpp"

using relay::layers::check_includes;
namespace fs = std::filesystem;

namespace {

// A source tree of the test's own.
class Tree {
 public:
  Tree() { REQUIRE(mkdtemp(root_.data()) != nullptr); }
  ~Tree() { fs::remove_all(root_); }
  void file(const std::string& path, const std::string& text) const {
    fs::create_directories((root() / path).parent_path());
    std::ofstream(root() / path) << text;
  }
  fs::path root() const { return root_; }

 private:
  std::string root_ = (fs::temp_directory_path() / "relay-layers-XXXXXX").string();
};

// What is said of one line in one file.
std::string verdict(const std::string& path, const std::string& line) {
  const Tree tree;
  tree.file(path, "#pragma once\n" + line + "\n");
  const auto findings = check_includes(tree.root());
  REQUIRE(findings.files <= 1);
  REQUIRE(findings.violations.size() <= 1);
  return findings.violations.empty() ? "" : findings.violations[0];
}

}  // namespace

TEST_CASE("the house holds its layers") {
  const auto findings = check_includes(RELAY_SOURCE_DIR);
  for (const std::string& violation : findings.violations) FAIL_CHECK(violation);
  // The tree was found and its lines were read.
  CHECK(findings.files > 20);
  CHECK(findings.includes > 100);
}

TEST_CASE("downward and own includes pass") {
  CHECK(verdict("lib/hub/a.hpp", "#include \"hub/b.hpp\"") == "");
  CHECK(verdict("lib/hub/a.hpp", "#include \"base/b.hpp\"") == "");
  CHECK(verdict("lib/storage/redis/scripts/a.cpp", "#include \"storage/redis/b.hpp\"") == "");
  CHECK(verdict("lib/storage/redis/a.cpp", "#include \"net/b.hpp\"") == "");
  CHECK(verdict("lib/server/a.cpp", "#include \"storage/memory/b.hpp\"") == "");
  CHECK(verdict("apps/relayd/main.cpp", "#include \"server/server.hpp\"") == "");
  CHECK(verdict("lib/base/a.hpp", "#include <vector>") == "");
  CHECK(verdict("lib/base/a.hpp", "// #include \"hub/b.hpp\"") == "");
}

TEST_CASE("an upward include is refused") {
  CHECK(verdict("lib/base/a.hpp", "#include \"hub/b.hpp\"") ==
        "lib/base/a.hpp:2: includes hub/b.hpp: includes upward");
  CHECK(verdict("lib/net/a.cpp", "  #  include \"frontend/b.hpp\"") ==
        "lib/net/a.cpp:2: includes frontend/b.hpp: includes upward");
  CHECK(verdict("lib/frontend/a.cpp", "#include\"server/b.hpp\" // why not") ==
        "lib/frontend/a.cpp:2: includes server/b.hpp: includes upward");
}

TEST_CASE("neighbours are refused") {
  const std::string why = ": neighbours never include each other";
  CHECK(verdict("lib/hub/a.hpp", "#include \"net/b.hpp\"") == "lib/hub/a.hpp:2: includes net/b.hpp" + why);
  CHECK(verdict("lib/wire/a.hpp", "#include \"metrics/b.hpp\"") ==
        "lib/wire/a.hpp:2: includes metrics/b.hpp" + why);
  CHECK(verdict("lib/storage/redis/a.hpp", "#include \"storage/memory/b.hpp\"") ==
        "lib/storage/redis/a.hpp:2: includes storage/memory/b.hpp" + why);
  CHECK(verdict("lib/client/a.hpp", "#include \"frontend/b.hpp\"") ==
        "lib/client/a.hpp:2: includes frontend/b.hpp" + why);
}

TEST_CASE("ways around the table are refused") {
  CHECK(verdict("lib/base/a.hpp", "#include \"../hub/b.hpp\"") ==
        "lib/base/a.hpp:2: includes ../hub/b.hpp: climbs out of a folder");
  CHECK(verdict("lib/base/a.hpp", "#include <hub/b.hpp>") ==
        "lib/base/a.hpp:2: includes hub/b.hpp: our own headers are included with quotes");
  CHECK(verdict("lib/base/a.hpp", "#include \"b.hpp\"") ==
        "lib/base/a.hpp:2: includes b.hpp: no folder of the table (write includes from lib/)");
  CHECK(verdict("lib/baseless/a.hpp", "") == "lib/baseless/a.hpp: stands in no folder of the table");
}

TEST_CASE("outside libraries stay where they belong") {
  for (const std::string folder : {"base", "options", "metrics", "hub"}) {
    CHECK(verdict("lib/" + folder + "/a.hpp", "#include <boost/asio/io_context.hpp>") ==
          "lib/" + folder + "/a.hpp:2: includes boost/asio/io_context.hpp: boost/asio has no place in " +
              folder);
    CHECK(verdict("lib/" + folder + "/a.hpp", "#include \"boost/asio.hpp\"") != "");
  }
  CHECK(verdict("lib/net/a.hpp", "#include <boost/asio/io_context.hpp>") == "");
  CHECK(verdict("lib/hub/a.hpp", "#include <boost/smart_ptr/intrusive_ptr.hpp>") == "");
  CHECK(verdict("lib/wire/resp.cpp", "#include <hiredis/hiredis.h>") == "");
  CHECK(verdict("lib/storage/redis/a.cpp", "#include <hiredis/read.h>") ==
        "lib/storage/redis/a.cpp:2: includes hiredis/read.h: hiredis has no place in storage/redis");
  CHECK(verdict("apps/relaybench/a.cpp", "#include <hiredis/hiredis.h>") != "");
  CHECK(verdict("lib/server/a.cpp", "#include <spdlog/spdlog.h>") != "");
}

TEST_CASE("an app includes its own files, and no other app's") {
  const Tree tree;
  tree.file("apps/relayctl/verbs.hpp", "");
  tree.file("apps/relayctl/verbs/ping.hpp", "");
  tree.file("apps/relayctl/verbs/ping.cpp",
            "#include \"verbs/ping.hpp\"\n#include \"verbs.hpp\"\n#include \"ping.hpp\"\n");
  CHECK(check_includes(tree.root()).violations.empty());
  tree.file("apps/relaybench/main.cpp", "#include \"relayctl/verbs.hpp\"\n#include \"verbs.hpp\"\n");
  CHECK(check_includes(tree.root()).violations.size() == 2);
}
