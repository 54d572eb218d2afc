#include "live_names.hpp"

#include "live.hpp"
#include "options/table.hpp"
#include "profiles.hpp"
#include "program.hpp"

namespace relay::ctl {
namespace {

constexpr std::size_t kMost = 200;

// Names that only a running relayd knows.
void add_live(std::vector<Candidate>& out, const Arguments& given, const std::string& target,
              const char* list, const char* key) {
  Arguments arguments;
  for (const std::string_view flag : profile_flags()) {
    if (given.has(flag)) arguments.add(flag, given.text(flag));
  }
  if (given.has("--context")) arguments.add("--context", given.text("--context"));
  if (!apply_profile(arguments)) return;
  arguments.add("--timeout", std::to_string(kPatience.count()) + "ms");
  const Console console(program().name, arguments);
  auto live = Live::connect(arguments, console);
  if (!live) return;
  const auto answer = live->get(target);
  if (!answer || !answer->contains(list)) return;
  for (const Json& entry : (*answer)[list]) out.push_back({entry.value(key, ""), ""});
}

}  // namespace

void add_live_names(std::vector<Candidate>& out, Words words, const Arguments& given) {
  const std::string limit = "?limit=" + std::to_string(kMost);
  switch (words) {
    case Words::kChannel:
      return add_live(out, given, "/admin/v1/channels" + limit, "channels", "channel");
    case Words::kClient:
      return add_live(out, given, "/admin/v1/clients" + limit, "clients", "client");
    case Words::kInstance:
      return add_live(out, given, "/admin/v1/instances", "instances", "instance");
    case Words::kContext:
      if (const auto profiles = Profiles::load()) {
        for (const auto& [name, profile] : profiles->all()) out.push_back({name, ""});
      }
      return;
    case Words::kOption:
      for (const options::Row& row : options::rows())
        out.push_back({std::string(row.key), std::string(row.help)});
      return;
    default:
      return;
  }
}

}  // namespace relay::ctl
