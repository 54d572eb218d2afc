#include "message_json.hpp"

#include "base/bytes.hpp"
#include "base/text.hpp"

namespace relay::ctl {
namespace {

constexpr int kExportVersion = 1;

// Empty texts are left out; what is no UTF-8 goes as base64 under another name.
void put_text(Json& object, const std::string& key, std::string_view text, bool even_empty = false) {
  if (text.empty() && !even_empty) return;
  if (is_utf8(text)) {
    object[key] = text;
  } else {
    object[key + "_base64"] = base64_encode(text);
  }
}

Json data_for_scripts(const hub::Message& message) {
  if (message.is_json()) {
    Json value = Json::parse(message.data(), nullptr, false);
    if (!value.is_discarded()) return value;
  }
  return repair_utf8(message.data());
}

Failure bad(std::string why) {
  return {exit_code::kData, "this is no line of an export", std::move(why), {}};
}

std::optional<std::string> base64_decode(std::string text) {
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (text.ends_with('=')) text.pop_back();
  return base64url_decode(text);
}

// Reads the fields of a line one by one and keeps the first fault.
class Fields {
 public:
  explicit Fields(const Json& object) : object_(object) {}

  std::string text(const std::string& key) {
    if (const auto found = object_.find(key); found != object_.end()) {
      if (found->is_string()) return found->get<std::string>();
      fault("\"" + key + "\" is no string");
    }
    const auto coded = object_.find(key + "_base64");
    if (coded == object_.end()) return {};
    auto bytes = coded->is_string() ? base64_decode(coded->get<std::string>()) : std::nullopt;
    if (!bytes) fault("\"" + key + "_base64\" is no base64");
    return std::move(bytes).value_or("");
  }
  std::uint64_t number(const std::string& key, std::uint64_t most) {
    const auto found = object_.find(key);
    if (found == object_.end()) return 0;
    if (found->is_number_unsigned() && found->get<std::uint64_t>() <= most)
      return found->get<std::uint64_t>();
    fault("\"" + key + "\" is no number from 0 to " + std::to_string(most));
    return 0;
  }
  bool flag(const std::string& key) {
    const auto found = object_.find(key);
    if (found == object_.end()) return false;
    if (!found->is_boolean()) fault("\"" + key + "\" is neither true nor false");
    return found->is_boolean() && found->get<bool>();
  }
  std::vector<std::string> texts(const std::string& key) {
    std::vector<std::string> out;
    const auto found = object_.find(key);
    if (found == object_.end()) return out;
    for (const Json& one : *found) {
      if (one.is_string())
        out.push_back(one.get<std::string>());
      else
        fault("\"" + key + "\" holds something that is no string");
    }
    return out;
  }
  bool has(const char* key) const { return object_.contains(key); }
  void fault(std::string why) {
    if (fault_.empty()) fault_ = std::move(why);
  }
  const std::string& faults() const { return fault_; }

 private:
  const Json& object_;
  std::string fault_;
};

ImportLine header_of(const Json& object, Fields& fields) {
  ImportLine line;
  line.kind = ImportLine::Kind::kHeader;
  if (fields.number("relay_export", UINT64_MAX) != kExportVersion)
    fields.fault("it is of a version that is not known here");
  const auto bounds = object.find("bounds");
  if (bounds == object.end() || !bounds->is_array()) {
    fields.fault("\"bounds\" is missing");
    return line;
  }
  for (const Json& one : *bounds) {
    Fields its(one);
    line.bounds.push_back({its.number("epoch", kMaxId), its.number("last", kMaxId)});
    if (!its.faults().empty()) fields.fault(its.faults());
  }
  return line;
}

ImportLine message_of(const Json& object, Fields& fields) {
  ImportLine line;
  line.id = fields.number("id", kMaxId);
  line.draft.ttl_ms = static_cast<std::uint32_t>(fields.number("ttl_ms", UINT32_MAX));
  line.draft.event = fields.text("event");
  line.draft.from = fields.text("from");
  line.draft.trace = fields.text("trace");
  line.draft.exclude = fields.texts("exclude");
  line.draft.is_json = fields.flag("json");
  const auto data = object.find("data");
  if (data != object.end() && !data->is_string()) {  // written by hand: a JSON value stands for itself
    line.draft.is_json = true;
    line.draft.data = data->dump();
  } else {
    line.draft.data = fields.text("data");
    if (line.draft.is_json && !Json::accept(line.draft.data))
      fields.fault("\"data\" is no JSON, as \"json\" says");
  }
  return line;
}

}  // namespace

const std::vector<Column>& message_columns() {
  static const std::vector<Column> columns{
      {"id", "ID", Kind::kText, Show::kAlways, "the message's id"},
      {"time", "TIME", Kind::kTime, Show::kAlways, "when it was stored, as its id tells"},
      {"event", "EVENT", Kind::kText, Show::kAlways, "event name"},
      {"bytes", "BYTES", Kind::kBytes, Show::kAlways, "of its data"},
      {"data", "DATA", Kind::kObject, Show::kAlways, "text, or the JSON value"},
      {"channel", "CHANNEL", Kind::kText, Show::kWide, "where it is"},
      {"expires", "EXPIRES", Kind::kTime, Show::kWide, "when it ends"},
      {"ttl_ms", "TTL", Kind::kDuration, Show::kNever, "its whole life"},
      {"json", "JSON", Kind::kBool, Show::kNever, "whether data is a JSON value"},
      {"from", "FROM", Kind::kText, Show::kNever, "client that sent it"},
      {"exclude", "EXCLUDE", Kind::kList, Show::kNever, "clients that do not get it"},
      {"trace", "TRACE", Kind::kText, Show::kNever, "trace parent"},
  };
  return columns;
}

Json message_row(const Element& element) {
  const hub::Message& message = *element.message;
  Json row{{"id", message.id()},
           {"time", rfc3339(message.published_ms())},
           {"event", repair_utf8(message.event())},
           {"bytes", message.data().size()},
           {"data", data_for_scripts(message)},
           {"channel", repair_utf8(message.channel())},
           {"expires", rfc3339(message.expires_ms())},
           {"ttl_ms", message.ttl_ms()},
           {"json", message.is_json()},
           {"from", repair_utf8(message.from())},
           {"exclude", Json::array()},
           {"trace", repair_utf8(message.trace())}};
  for (const std::string& client : message.exclude()) row["exclude"].push_back(repair_utf8(client));
  return row;
}

std::string export_line(const hub::Message& message) {
  Json line;
  put_text(line, "channel", message.channel());
  line["id"] = message.id();
  line["ttl_ms"] = message.ttl_ms();
  put_text(line, "event", message.event());
  if (message.is_json()) line["json"] = true;
  put_text(line, "data", message.data(), true);
  put_text(line, "from", message.from());
  put_text(line, "trace", message.trace());
  for (const std::string& client : message.exclude()) line["exclude"].push_back(repair_utf8(client));
  return line.dump();
}

std::string export_line(std::string_view channel, MessageId gone, MessageId last) {
  Json line;
  put_text(line, "channel", channel);
  line["gone"] = gone;
  line["last"] = last;
  return line.dump();
}

std::string export_header(std::int64_t now_ms, const std::vector<Bounds>& bounds) {
  Json line{{"relay_export", kExportVersion}, {"at", rfc3339(now_ms)}, {"partitions", bounds.size()}};
  line["bounds"] = Json::array();
  for (const Bounds& one : bounds) line["bounds"].push_back({{"epoch", one.epoch}, {"last", one.last}});
  return line.dump();
}

Outcome<ImportLine> parse_import_line(std::string_view text) {
  const Json object = Json::parse(text, nullptr, false);
  if (!object.is_object()) return bad("it is no JSON object");
  Fields fields(object);
  ImportLine line;
  if (fields.has("relay_export")) {
    line = header_of(object, fields);
  } else {
    const std::string channel = fields.text("channel");
    if (fields.has("gone")) {
      line.kind = ImportLine::Kind::kHistory;
      line.gone = fields.number("gone", kMaxId);
      line.last = fields.number("last", kMaxId);
    } else {
      line = message_of(object, fields);
      line.draft.channel = hub::ChannelName::copy_of(channel);
    }
    line.channel = channel;
    // The relay's own channels are kept and exported like any other.
    const auto named =
        hub::check_channel_name(channel.starts_with('$') ? std::string_view(channel).substr(1) : channel);
    if (!named) fields.fault("channel \"" + repair_utf8(channel) + "\": " + named.error().message);
  }
  if (!fields.faults().empty()) return bad(fields.faults());
  return line;
}

}  // namespace relay::ctl
