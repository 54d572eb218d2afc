#include "report/json.hpp"

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "bench/sample_result.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::bench;
using Json = nlohmann::json;

// The keywords of JSON Schema that relaybench-1.schema.json uses. Stricter than the standard in one thing: a
// key that the schema does not name is a fault, so that the schema says all there is.
class SchemaCheck {
 public:
  explicit SchemaCheck(const Json& root) : root_(root) {}
  // The first fault, or nothing.
  std::string fault(const Json& value) { return fault(root_, value, "$"); }

 private:
  static bool is(const std::string& type, const Json& value) {
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_boolean();
    if (type == "array") return value.is_array();
    return type == "object" && value.is_object();
  }
  static bool has_type(const Json& types, const Json& value) {
    if (types.is_string()) return is(types.get<std::string>(), value);
    for (const auto& type : types)
      if (is(type.get<std::string>(), value)) return true;
    return false;
  }
  std::string fault(const Json& schema, const Json& value, const std::string& path) {
    for (const auto& [keyword, unused] : schema.items())
      if (!kKnown.contains(keyword)) return path + ": the check does not know " + keyword;
    if (schema.contains("$ref"))
      return fault(root_.at(Json::json_pointer(schema["$ref"].get<std::string>().substr(1))), value, path);
    if (schema.contains("type") && !has_type(schema["type"], value)) return path + ": wrong type";
    if (schema.contains("const") && schema["const"] != value) return path + ": not the constant";
    if (schema.contains("enum") &&
        std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
      return path + ": not one of the enum";
    if (schema.contains("minimum") && value < schema["minimum"]) return path + ": below the minimum";
    if (value.is_array()) return fault_in_array(schema, value, path);
    return value.is_object() ? fault_in_object(schema, value, path) : "";
  }
  std::string fault_in_array(const Json& schema, const Json& value, const std::string& path) {
    if (value.size() < schema.value("minItems", 0U) || value.size() > schema.value("maxItems", 1'000'000U))
      return path + ": wrong number of items";
    for (const Json& item : value)
      if (const auto found = fault(schema.at("items"), item, path + "[]"); !found.empty()) return found;
    return "";
  }
  std::string fault_in_object(const Json& schema, const Json& value, const std::string& path) {
    for (const Json& key : schema.value("required", Json::array()))
      if (!value.contains(key.get<std::string>())) return path + ": lacks " + key.get<std::string>();
    for (const auto& [key, item] : value.items()) {
      const Json properties = schema.value("properties", Json::object());
      const Json* rule = properties.contains(key)                  ? &properties[key]
                         : schema.contains("additionalProperties") ? &schema["additionalProperties"]
                                                                   : nullptr;
      if (!rule) return path + ": the schema does not name " + key;
      if (const auto found = fault(*rule, item, path + "." + key); !found.empty()) return found;
    }
    return "";
  }

  inline static const std::set<std::string> kKnown{"$schema",
                                                   "$defs",
                                                   "$ref",
                                                   "title",
                                                   "description",
                                                   "format",
                                                   "type",
                                                   "const",
                                                   "enum",
                                                   "minimum",
                                                   "required",
                                                   "properties",
                                                   "additionalProperties",
                                                   "items",
                                                   "minItems",
                                                   "maxItems"};
  const Json& root_;
};

Json schema() {
  std::ifstream file(RELAY_SOURCE_DIR "/apps/relaybench/report/relaybench-1.schema.json");
  return Json::parse(file);
}

RunResult full_result() {
  RunResult out = sample_result();
  out.delivery.lost = 1;
  out.delivery.broken = "lost 1";
  out.delivery.samples.push_back({"lost", "c3", "123", 17, 2, 481});
  out.generator.reasons = {"core 0 at 95 %"};
  out.thresholds = {{"lost==0", "", "1", false}, {"e2e.p99<20ms", "storm", "1.93ms", true}};
  out.exit_code = 98;
  out.total[Latency::kSilence].record(2'000'000'000);
  out.redis = {{"127.0.0.1:6379", "redis 7.0.15", "master", 0.2, 15'000, 1e6, 2e6, 3'000'000, -20, 1, 2}};
  out.actions = {{"storm", "true", 5, 6, 0}, {"storm", "sleep 9", 7, 8, std::nullopt}};
  out.workers = {{"10.0.0.2:7800", -1'500, 2'000, 400}};
  return out;
}

std::string error_after(const std::function<void(Json&)>& change) {
  Json json = Json::parse(to_json(full_result()));
  change(json);
  const auto result = from_json(json.dump());
  return result.has_error() ? result.error().message : "no error";
}

TEST_CASE("a result is what the schema says, and nothing more") {
  const Json rules = schema();
  SchemaCheck check(rules);
  CHECK(check.fault(Json::parse(to_json(full_result()))) == "");
  CHECK(check.fault(Json::parse(to_json(RunResult{}))) == "");
}

TEST_CASE("the check of the schema finds faults") {
  const Json rules = schema();
  SchemaCheck check(rules);
  Json json = Json::parse(to_json(full_result()));
  json["delivery"]["lost"] = -1;
  CHECK(check.fault(json) == "$.delivery.lost: below the minimum");
  json["delivery"].erase("lost");
  CHECK(check.fault(json) == "$.delivery: lacks lost");
  json["delivery"]["lost"] = 1.5;
  CHECK(check.fault(json) == "$.delivery.lost: wrong type");
  json["delivery"]["lost"] = 1;
  json["delivery"]["more"] = 1;
  CHECK(check.fault(json) == "$.delivery: the schema does not name more");
}

TEST_CASE("a result survives JSON, byte for byte") {
  const std::string text = to_json(full_result());
  const auto back = from_json(text);
  REQUIRE(back.has_value());
  CHECK(to_json(*back) == text);
  CHECK(back->run.start_ms == full_result().run.start_ms);
  CHECK(back->total[Latency::kEndToEnd].buckets() == full_result().total[Latency::kEndToEnd].buckets());
  CHECK(back->load.more == full_result().load.more);
  CHECK(back->stages[1].figures[Latency::kReplay].count() == 200);
  REQUIRE(back->floor.has_value());
  CHECK(back->floor->cpu_per_delivery_ns == 7'700);
}

TEST_CASE("what was not measured is not written") {
  RunResult result = sample_result();
  result.server = {};
  result.floor.reset();
  result.total[Latency::kReplay].clear();
  const Json json = Json::parse(to_json(result));
  CHECK_FALSE(json["server"].contains("cpu"));
  CHECK_FALSE(json.contains("floor"));
  CHECK_FALSE(json["metrics"].contains("replay"));
  const auto back = from_json(json.dump());
  REQUIRE(back.has_value());
  CHECK_FALSE(back->server.cpu.has_value());
  CHECK_FALSE(back->floor.has_value());
}

TEST_CASE("nodes, actions and workers survive JSON; a result of before there were any is read") {
  const auto back = from_json(to_json(full_result()));
  REQUIRE(back.has_value());
  REQUIRE((back->redis && back->actions && back->workers));
  CHECK(back->redis->at(0).memory_gained == -20);
  CHECK(back->actions->at(0).exit == 0);
  CHECK_FALSE(back->actions->at(1).exit.has_value());
  CHECK(back->workers->at(0).clock_before_ns == -1'500);
  CHECK(error_after([](Json& json) {
          for (const char* key : {"redis", "actions", "workers"}) json.erase(key);
        }) == "no error");
}

TEST_CASE("keys of a later version are skipped") {
  CHECK(error_after([](Json& json) { json["delivery"]["new"] = 1; }) == "no error");
}

TEST_CASE("what is no result says where and why") {
  CHECK(from_json("{").error().message == "not JSON");
  CHECK(from_json("[]").error().message.find("not a result of relaybench") == 0);
  CHECK(error_after([](Json& j) { j["schema"] = "relaybench/2"; }).find("\"relaybench/1\"") !=
        std::string::npos);
  CHECK(error_after([](Json& j) { j["delivery"]["lost"] = "x"; }) == "delivery.lost: a count was expected");
  CHECK(error_after([](Json& j) { j["delivery"].erase("lost"); }) == "delivery.lost: this key was expected");
  CHECK(error_after([](Json& j) { j["series"][3]["in"] = nullptr; }) ==
        "series[3].in: a number was expected");
  CHECK(error_after([](Json& j) { j["stages"] = 1; }) == "stages: a list was expected");
  CHECK(error_after([](Json& j) { j["host"]["cpus"] = 1LL << 40; }) ==
        "host.cpus: a smaller number was expected");
  CHECK(error_after([](Json& j) { j["run"]["start"] = "now"; }).find("run.start: a time") == 0);
  CHECK(error_after([](Json& j) { j["metrics"]["e2e"]["hist"]["buckets"][0][0] = 99'999; }) ==
        "metrics.e2e.hist: a histogram that agrees with itself was expected");
  CHECK(error_after([](Json& j) { j["metrics"]["e2e"]["hist"] = 1; }) ==
        "metrics.e2e.hist: an object with buckets was expected");
}

TEST_CASE("text that is not UTF-8 does not stop the report") {
  RunResult result = sample_result();
  result.errors = {{"publish", 1, "\xff\xfe"}};
  CHECK(from_json(to_json(result)).has_value());
}

}  // namespace
