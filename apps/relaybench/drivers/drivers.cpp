// The table of drivers: a new one is its file and its row here.
#include <algorithm>

#include "base/bytes.hpp"
#include "drivers/bridge.hpp"
#include "drivers/centrifugo.hpp"
#include "drivers/driver.hpp"
#include "drivers/mercure.hpp"
#include "drivers/nchan.hpp"
#include "drivers/plain.hpp"
#include "drivers/relay.hpp"

namespace relay::bench {
namespace {

using enum Transport;

const std::vector<DriverRow>& table() {
  static const std::vector<DriverRow> rows = {
      {"relay", "relayd's own channels", {kSse, kWs, kWsRaw}, "", make_relay},
      {"bridge", "any TON Connect bridge, relayd's among them", {kSse}, kBridgeOptions, make_bridge},
      {"nchan", "nginx with nchan", {kSse, kWs, kWsRaw}, kNchanOptions, make_nchan},
      {"centrifugo", "Centrifugo", {kSse, kWs}, kCentrifugoOptions, make_centrifugo},
      {"mercure", "a Mercure hub", {kSse}, kMercureOptions, make_mercure},
      {"plain", "any other server, by templates", {kSse, kWs, kWsRaw}, kPlainOptions, make_plain},
  };
  return rows;
}

Error no_driver(std::string_view name) {
  const auto& rows = table();
  const auto nearest =
      std::min_element(rows.begin(), rows.end(), [&](const DriverRow& a, const DriverRow& b) {
        return edit_distance(a.name, name) < edit_distance(b.name, name);
      });
  return make_error(ErrorKind::kInvalid, "no_driver",
                    "there is no driver \"" + std::string(name) + "\"; did you mean \"" +
                        std::string(nearest->name) + "\"?");
}

}  // namespace

std::span<const DriverRow> drivers() {
  return table();
}

const DriverRow* find_driver(std::string_view name) {
  const auto& rows = table();
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const DriverRow& row) { return row.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

relay::Result<std::unique_ptr<Driver>> make_driver(const TargetPlan& target) {
  const DriverRow* row = find_driver(target.driver);
  if (row == nullptr) return no_driver(target.driver);
  for (const Transport transport : target.transports) {
    if (std::find(row->transports.begin(), row->transports.end(), transport) != row->transports.end())
      continue;
    return make_error(
        ErrorKind::kInvalid, "bad_transport",
        "the driver " + target.driver + " does not know the transport " + std::string(name_of(transport)));
  }
  return row->make(target);
}

}  // namespace relay::bench
