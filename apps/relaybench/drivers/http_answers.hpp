// The answers on a publisher's HTTP/1.1 connection, pipelined or one by one, in the order of the messages.
//
// A driver derives from it where a server's 200 can mean a refusal. An answer that a read brought whole is
// looked at where it lies; only what is not whole is kept. One connection, one thread; views are valid during
// the call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "drivers/driver.hpp"

namespace relay::bench {

class HttpAnswers : public PublishReader {
 public:
  void on_data(std::string_view bytes, PublishSink& sink) final;

 protected:
  // 2xx stored, 504 unknown (it may be stored or not), everything else refused.
  virtual PublishAnswer::Kind judge(int status, std::string_view body) const;

 private:
  std::size_t take(std::string_view bytes, PublishSink& sink);
  std::size_t take_answer(std::string_view bytes, PublishSink& sink);
  void refuse(int status, std::string_view text, PublishSink& sink);

  std::string rest_;  // of an answer that is not whole
  bool over_ = false;
};

}  // namespace relay::bench
