// A server for one test: accepts connections on a thread of its own and gives them, one after another, to a
// function.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "client/socket.hpp"
#include "client/url.hpp"
#include "wire/http1.hpp"

namespace relay::client {

class SmallServer {
 public:
  using Serve = std::function<void(Socket&)>;

  // On a free port of 127.0.0.1, or on a Unix socket if there is a path.
  explicit SmallServer(Serve serve, const std::string& unix_path = {});
  ~SmallServer();  // waits for the connection being served
  SmallServer(const SmallServer&) = delete;
  SmallServer& operator=(const SmallServer&) = delete;

  const net::Endpoint& endpoint() const { return endpoint_; }
  Url url(std::string target = "/") const { return {endpoint_, std::move(target)}; }
  int connections() const { return connections_; }

 private:
  void run();

  Serve serve_;
  net::Endpoint endpoint_;
  int listener_ = -1;
  int stop_ = -1;  // an eventfd
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

// The next request on a connection; its method is empty at the end of the connection. `rest` holds what was
// read behind it.
wire::HttpRequest read_request(Socket& socket, std::string& rest);
// Waits for the client to end the connection.
void wait_for_end(Socket& socket);
void send(Socket& socket, std::string_view bytes);

}  // namespace relay::client
