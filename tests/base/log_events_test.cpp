#include "base/log_events.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "base/log_format.hpp"
#include "support/catch.hpp"

using namespace relay;

namespace {

const std::filesystem::path kRoot = RELAY_SOURCE_DIR;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string id_of(std::string_view event) {
  const auto id = log::message_id(event);
  return {id.data(), id.size()};
}

// The events that the sources log.
std::set<std::string> logged() {
  const std::regex call(R"re((?:log::(?:debug|info|warning|error)\(|put\(Level::k[A-Za-z]+,)\s*"([^"]+)")re");
  std::set<std::string> events;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / "lib")) {
    if (entry.path().extension() != ".cpp" && entry.path().extension() != ".hpp") continue;
    const std::string text = text_of(entry.path());
    for (std::sregex_iterator at(text.begin(), text.end(), call), end; at != end; ++at)
      events.insert((*at)[1]);
  }
  return events;
}

}  // namespace

TEST_CASE("The table has every event that is logged, once and in order") {
  std::vector<std::string> listed;
  for (const log::EventRow& row : log::kEvents) listed.emplace_back(row.event);
  CHECK(std::adjacent_find(listed.begin(), listed.end(), std::greater_equal<>()) == listed.end());
  const std::set<std::string> events = logged();
  CHECK(events.size() > 20);
  for (const std::string& event : events) {
    INFO(event << " needs a row in lib/base/log_events.hpp");
    CHECK(std::binary_search(listed.begin(), listed.end(), event));
  }
}

TEST_CASE(
    "packaging/relayd.catalog is what the table says; to mend it: options_texts update SOURCE_DIRECTORY") {
  CHECK(text_of(kRoot / "packaging/relayd.catalog") == log::journal_catalog());
}

TEST_CASE("An event's MESSAGE_ID is a UUID of its own that does not change") {
  CHECK(id_of("storage.lost") == "7fba93fa72aa88bb8b5223293335004b");
  std::set<std::string> ids;
  for (const log::EventRow& row : log::kEvents) {
    CHECK(std::regex_match(id_of(row.event), std::regex("[0-9a-f]{12}8[0-9a-f]{3}[89ab][0-9a-f]{15}")));
    CHECK(ids.insert(id_of(row.event)).second);
  }
}

TEST_CASE("Entries of the journal carry the MESSAGE_ID under which the catalog explains them") {
  const std::string datagram = log::format_journal({log::Level::kWarning, 0, "storage.lost", "text", "", {}});
  CHECK(datagram.find("\nMESSAGE_ID=" + id_of("storage.lost") + "\n") != std::string::npos);
  CHECK(log::journal_catalog().find("\n-- " + id_of("storage.lost") + "\nSubject: ") != std::string::npos);
}

TEST_CASE("Every line of the catalog's texts is short enough for a terminal") {
  for (const log::EventRow& row : log::kEvents) {
    INFO(row.event);
    CHECK(row.subject.size() <= 60);
    std::string_view rest = row.help;
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      CHECK(line.size() <= 125);
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
  }
}
