// A byte stream to a Redis server: TCP, TCP with TLS, or a Unix socket. Loop thread only.
//
// Handlers run on the loop, never within the call. The owner keeps the stream alive until all of them have
// run: after close() they come with an error. At most one read and one write at a time.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <functional>
#include <memory>

#include "base/error.hpp"
#include "storage/redis/settings.hpp"

namespace relay::redis {

class ByteStream {
 public:
  using Failure = boost::system::error_code;
  virtual ~ByteStream() = default;
  // Name, connection and TLS handshake, certificate and name checked unless skip_verify.
  virtual void connect(std::function<void(Failure)> done) = 0;
  virtual void read_some(boost::asio::mutable_buffer into,
                         std::function<void(Failure, std::size_t)> done) = 0;
  virtual void write(boost::asio::const_buffer from, std::function<void(Failure)> done) = 0;  // all of it
  virtual void close() = 0;
};

// kUnavailable, "storage_tls" when a certificate or key cannot be loaded. The files are read each time, so a
// renewed one is used from the next connection on.
Result<std::unique_ptr<ByteStream>> make_stream(boost::asio::io_context& context,
                                                const RedisSettings& settings);

}  // namespace relay::redis
