#include "storage/redis/stream.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <optional>

namespace relay::redis {
namespace {
namespace asio = boost::asio;
using asio::ip::tcp;
using Failure = ByteStream::Failure;

// Resolves and connects; shared by plain and TLS.
class TcpConnector {
 public:
  TcpConnector(asio::io_context& context, const options::RedisUrl& server)
      : resolver_(context), host_(server.host), port_(std::to_string(server.port)) {}

  void connect(tcp::socket& socket, std::function<void(Failure)> done) {
    resolver_.async_resolve(
        host_, port_, [&socket, done = std::move(done)](Failure failure, tcp::resolver::results_type found) {
          if (failure) return done(failure);
          asio::async_connect(socket, found, [&socket, done](Failure error, const auto&) {
            Failure ignored;
            if (!error) socket.set_option(tcp::no_delay(true), ignored);
            done(error);
          });
        });
  }
  void cancel() { resolver_.cancel(); }

 private:
  tcp::resolver resolver_;
  const std::string host_, port_;
};

template <class Socket>
void close_socket(Socket& socket) {
  Failure ignored;
  socket.close(ignored);
}

class TcpStream final : public ByteStream {
 public:
  TcpStream(asio::io_context& context, const options::RedisUrl& server)
      : connector_(context, server), socket_(context) {}
  void connect(std::function<void(Failure)> done) override { connector_.connect(socket_, std::move(done)); }
  void read_some(asio::mutable_buffer into, std::function<void(Failure, std::size_t)> done) override {
    socket_.async_read_some(into, std::move(done));
  }
  void write(asio::const_buffer from, std::function<void(Failure)> done) override {
    asio::async_write(socket_, from,
                      [done = std::move(done)](Failure failure, std::size_t) { done(failure); });
  }
  void close() override {
    connector_.cancel();
    close_socket(socket_);
  }

 private:
  TcpConnector connector_;
  tcp::socket socket_;
};

class UnixStream final : public ByteStream {
 public:
  UnixStream(asio::io_context& context, const options::RedisUrl& server)
      : path_(server.unix_path), socket_(context) {}
  void connect(std::function<void(Failure)> done) override {
    if (path_.size() > 107) return fail_later(std::move(done));
    socket_.async_connect(path_, std::move(done));
  }
  void read_some(asio::mutable_buffer into, std::function<void(Failure, std::size_t)> done) override {
    socket_.async_read_some(into, std::move(done));
  }
  void write(asio::const_buffer from, std::function<void(Failure)> done) override {
    asio::async_write(socket_, from,
                      [done = std::move(done)](Failure failure, std::size_t) { done(failure); });
  }
  void close() override { close_socket(socket_); }

 private:
  void fail_later(std::function<void(Failure)> done) {
    asio::post(socket_.get_executor(), [done = std::move(done)] { done(asio::error::name_too_long); });
  }
  const std::string path_;
  asio::local::stream_protocol::socket socket_;
};

class TlsStream final : public ByteStream {
 public:
  TlsStream(asio::io_context& context, const options::RedisUrl& server,
            std::unique_ptr<asio::ssl::context> credentials)
      : connector_(context, server), credentials_(std::move(credentials)), stream_(context, *credentials_) {
    SSL_set_tlsext_host_name(stream_.native_handle(), server.host.c_str());
    if (!server.skip_verify) stream_.set_verify_callback(asio::ssl::host_name_verification(server.host));
  }
  void connect(std::function<void(Failure)> done) override {
    connector_.connect(stream_.next_layer(), [this, done = std::move(done)](Failure failure) {
      if (failure) return done(failure);
      stream_.async_handshake(asio::ssl::stream_base::client, done);
    });
  }
  void read_some(asio::mutable_buffer into, std::function<void(Failure, std::size_t)> done) override {
    stream_.async_read_some(into, std::move(done));
  }
  void write(asio::const_buffer from, std::function<void(Failure)> done) override {
    asio::async_write(stream_, from,
                      [done = std::move(done)](Failure failure, std::size_t) { done(failure); });
  }
  void close() override {
    connector_.cancel();
    close_socket(stream_.next_layer());
  }

 private:
  TcpConnector connector_;
  std::unique_ptr<asio::ssl::context> credentials_;
  asio::ssl::stream<tcp::socket> stream_;
};

Error tls_error(const std::string& what, const Failure& failure) {
  return make_error(ErrorKind::kUnavailable, "storage_tls", "cannot load " + what + ": " + failure.message());
}

Result<std::unique_ptr<asio::ssl::context>> load_credentials(const RedisSettings& settings) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  Failure failure;
  context->set_verify_mode(settings.server.skip_verify ? asio::ssl::verify_none : asio::ssl::verify_peer,
                           failure);
  if (settings.tls_ca_file.empty()) {
    context->set_default_verify_paths(failure);
  } else {
    context->load_verify_file(settings.tls_ca_file, failure);
  }
  if (failure) return tls_error(settings.tls_ca_file, failure);
  if (!settings.tls_cert_file.empty()) {
    context->use_certificate_chain_file(settings.tls_cert_file, failure);
    if (failure) return tls_error(settings.tls_cert_file, failure);
    context->use_private_key_file(settings.tls_key_file, asio::ssl::context::pem, failure);
    if (failure) return tls_error(settings.tls_key_file, failure);
  }
  return context;
}

}  // namespace

Result<std::unique_ptr<ByteStream>> make_stream(asio::io_context& context, const RedisSettings& settings) {
  const options::RedisUrl& server = settings.server;
  if (!server.unix_path.empty()) return std::unique_ptr<ByteStream>(new UnixStream(context, server));
  if (!server.tls) return std::unique_ptr<ByteStream>(new TcpStream(context, server));
  auto credentials = load_credentials(settings);
  if (!credentials) return credentials.error();
  return std::unique_ptr<ByteStream>(new TlsStream(context, server, std::move(*credentials)));
}

}  // namespace relay::redis
