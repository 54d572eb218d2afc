// A stored message as JSON: for people's eyes and scripts (message_row), and exact, to be read back (export
// lines). Pure; any thread.
//
// An export is JSON lines (https://jsonlines.org):
//   {"relay_export":1,"at":TIME,"partitions":N,"bounds":[{"epoch":ID,"last":ID},…]}     first
//   {"channel":C,"id":ID,"ttl_ms":N,"event":E,"json":BOOL,"data":TEXT,"from":F,"trace":T,"exclude":[…]}
//   {"channel":C,"gone":ID,"last":ID}          behind the messages of a channel: the highest id that is not
//   kept any
//                                              more (0: none), and the last one that was
// Whatever is empty is left out. "data" is the payload's text, also of JSON, so that it comes back byte for
// byte; a text that is no UTF-8 is written as base64 under "data_base64" and so on.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/output.hpp"
#include "hub/message.hpp"
#include "stored_log.hpp"
#include "vocabulary.hpp"

namespace relay::ctl {

const std::vector<Column>& message_columns();
Json message_row(const Element& element);

std::string export_line(const hub::Message& message);
std::string export_line(std::string_view channel, MessageId gone, MessageId last);
std::string export_header(std::int64_t now_ms, const std::vector<Bounds>& bounds);

// One line of an export, or of a file that somebody wrote by hand: a channel and data are enough there.
struct ImportLine {
  enum class Kind { kHeader, kMessage, kHistory } kind = Kind::kMessage;
  std::vector<Bounds> bounds;  // kHeader
  hub::Draft draft;            // kMessage; ttl_ms 0: not given
  std::string channel;         // kMessage, kHistory
  MessageId id = 0;            // kMessage; 0: not given
  MessageId gone = 0;          // kHistory
  MessageId last = 0;          // kHistory
};
// kData with what is wrong.
Outcome<ImportLine> parse_import_line(std::string_view text);

}  // namespace relay::ctl
