// A gate in front of a loopback port: it passes bytes both ways, or is cut, so that its target looks gone.
//
// A thread of its own moves the bytes, without a bound: for links of tests alone. Call it from one thread.
// Throws std::runtime_error when it cannot listen.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

struct pollfd;

namespace relay::test {

class TcpGate {
 public:
  explicit TcpGate(std::uint16_t target);
  ~TcpGate();
  TcpGate(const TcpGate&) = delete;
  TcpGate& operator=(const TcpGate&) = delete;

  std::uint16_t port() const { return port_; }
  // Ends every connection; new ones are refused until it is opened.
  void cut();
  void open();

 private:
  struct End {
    int fd = -1;
    std::string to_send{};
    bool ended = false;  // nothing more comes from it
  };
  struct Pair {
    End outside;
    End inside;
  };
  void run();
  bool turn();  // false: to stop
  std::vector<pollfd> polled() const;
  void accept_one();
  void move(const std::vector<pollfd>& ready);
  static void receive(End& from, End& to);
  static void flush(End& end);
  static void close(Pair& pair);
  void wake() const;

  const std::uint16_t target_;
  std::uint16_t port_;
  int listener_;
  int wake_[2];
  std::mutex mutex_;  // guards what follows, and the listener's state
  bool stop_ = false;
  std::list<Pair> pairs_;
  std::thread thread_;
};

}  // namespace relay::test
