// A file of messages to be imported: read through once to know what is in it, then message by message in
// order of id.
//
// Holds some 40 bytes per message, not the messages; standard input is copied to a file without a name first.
// One thread. Failures: kNoInput, kDenied, kIo, and kData with file and line.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/failure.hpp"
#include "message_json.hpp"
#include "vocabulary.hpp"

namespace relay::ctl {

class ImportFile {
 public:
  struct Entry {
    MessageId id = 0;
    std::uint64_t offset = 0;
    std::uint32_t bytes = 0;
    std::uint32_t channel = 0;  // index in channels()
  };
  struct History {
    MessageId gone = 0;
    MessageId last = 0;
    bool known = false;  // the file has a line about it
  };
  struct Channel {
    std::string name;
    History history;
  };
  // `check` says what is wrong with a message, or nothing.
  static Outcome<ImportFile> open(const std::string& path,
                                  const std::function<std::string(const ImportLine&)>& check);

  const std::vector<Entry>& entries() const {
    return entries_;
  }  // by id, those without one last, as in the file
  std::vector<Channel>& channels() { return channels_; }
  const std::vector<Bounds>& bounds() const { return bounds_; }  // empty: there is no header
  Outcome<ImportLine> read(const Entry& entry) const;

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  Outcome<void> index(const std::string& path, const std::function<std::string(const ImportLine&)>& check);

  std::unique_ptr<std::FILE, Closer> file_;
  std::vector<Entry> entries_;
  std::vector<Channel> channels_;
  std::vector<Bounds> bounds_;
};

}  // namespace relay::ctl
