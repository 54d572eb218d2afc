// The client's end of TLS on one end of a socket pair; at the other a server of the test's own, which has
// certificates that no honest one would show and ends where none should.
#include "net/tls_client.hpp"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <thread>

#include "support/catch.hpp"

using namespace relay;
using namespace relay::net;

namespace {

constexpr Milliseconds kPatience{20'000};
constexpr long kDay = 24 * 3600;

using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using Certificate = std::unique_ptr<X509, void (*)(X509*)>;

// A pair that vouches for itself, and its PEM file for who trusts it.
struct Identity {
  explicit Identity(const char* names, long ends_in = kDay)
      : key(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate(X509_new(), X509_free) {
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -10 * kDay);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), ends_in);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"),
                               -1, -1, 0);
    X509_set_issuer_name(certificate.get(), subject);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names);
    X509_add_ext(certificate.get(), extension, -1);
    X509_EXTENSION_free(extension);
    REQUIRE(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
    static int count = 0;
    file = std::filesystem::temp_directory_path() /
           ("relay-tls-client-" + std::to_string(getpid()) + "-" + std::to_string(++count) + ".pem");
    std::FILE* out = std::fopen(file.c_str(), "w");
    REQUIRE(out != nullptr);
    PEM_write_X509(out, certificate.get());
    std::fclose(out);
  }
  ~Identity() { std::filesystem::remove(file); }
  Identity(const Identity&) = delete;
  Key key;
  Certificate certificate;
  std::filesystem::path file;
};

// One connection: the server's part runs on a thread, with a blocking descriptor that it need not close.
class Pair {
 public:
  explicit Pair(std::function<void(int)> serve) {
    signal(SIGPIPE, SIG_IGN);  // as the programs do: OpenSSL writes without MSG_NOSIGNAL
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_) == 0);
    fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    thread_ = std::thread([this, serve = std::move(serve)] {
      serve(ends_[1]);
      ::close(ends_[1]);
    });
  }
  ~Pair() {
    ::close(ends_[0]);
    thread_.join();
  }
  Pair(const Pair&) = delete;
  int client() const { return ends_[0]; }

 private:
  int ends_[2];
  std::thread thread_;
};

using Context = std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)>;

// Serves TLS with the identity, then does what `then` says.
std::function<void(int)> serves(const Identity& identity, std::function<void(SSL*, int)> then = {},
                                bool wants_certificate = false) {
  return [&identity, then, wants_certificate](int fd) {
    const Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_use_certificate(context.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), identity.key.get());
    if (wants_certificate) {
      SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);  // 1.3 tells it after the handshake
      SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    const std::unique_ptr<SSL, void (*)(SSL*)> ssl(SSL_new(context.get()), SSL_free);
    SSL_set_fd(ssl.get(), fd);
    if (SSL_accept(ssl.get()) == 1 && then) then(ssl.get(), fd);
  };
}

std::shared_ptr<const TlsClientContext> trusting(const std::string& file, bool insecure = false) {
  auto context = TlsClientContext::make({file, insecure});
  REQUIRE(context.has_value());
  return *context;
}

// "": it went well.
std::string refusal(const TlsClientContext& context, const std::string& name,
                    std::function<void(int)> serve) {
  const Pair pair(std::move(serve));
  const auto tried = context.try_handshake(pair.client(), name, kPatience);
  return tried ? "" : tried.error().code + ": " + tried.error().message;
}

// What the channel gives until its end, and the errno of that end (0: an orderly one).
std::string read_all(TlsChannel& channel, int fd, int& end) {
  std::string all;
  char buffer[1024];
  for (;;) {
    const ssize_t got = channel.read(buffer, sizeof buffer);
    if (got > 0) {
      all.append(buffer, static_cast<std::size_t>(got));
      continue;
    }
    end = got == 0 ? 0 : errno;
    if (end != EAGAIN) return all;
    pollfd wait{fd, POLLIN, 0};
    REQUIRE(poll(&wait, 1, static_cast<int>(kPatience.count())) == 1);
  }
}

bool has(const std::string& text, const char* words) {
  return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("A server that is trusted and has the name is taken") {
  const Identity good("DNS:edge.test,IP:127.0.0.1");
  const auto context = trusting(good.file);
  CHECK(refusal(*context, "edge.test", serves(good)).empty());
  CHECK(refusal(*context, "127.0.0.1", serves(good)).empty());
}

TEST_CASE("A certificate for another name is refused, and the reason is said") {
  const Identity other("DNS:other.test,IP:127.0.0.2");
  const auto context = trusting(other.file);
  CHECK(has(refusal(*context, "edge.test", serves(other)), "tls_refused: hostname mismatch"));
  CHECK(has(refusal(*context, "127.0.0.1", serves(other)), "tls_refused: IP address mismatch"));
  CHECK(refusal(*trusting({}, true), "edge.test", serves(other)).empty());
}

TEST_CASE("A certificate that has expired is refused") {
  const Identity old("DNS:edge.test", -kDay);
  CHECK(has(refusal(*trusting(old.file), "edge.test", serves(old)), "certificate has expired"));
  CHECK(refusal(*trusting(old.file, true), "edge.test", serves(old)).empty());
}

TEST_CASE("A certificate that nobody vouches for is refused") {
  const Identity good("DNS:edge.test");
  const Identity forged("DNS:edge.test");
  CHECK(has(refusal(*trusting(good.file), "edge.test", serves(forged)), "tls_refused: "));
  CHECK(has(refusal(*trusting({}), "edge.test", serves(good)), "self-signed"));
}

TEST_CASE("A server that refuses the handshake, speaks no TLS or leaves is told from one that is slow") {
  const Identity good("DNS:edge.test");
  const auto context = trusting(good.file);
  const auto no_tls = [](int fd) {
    char hello[512];
    (void)!recv(fd, hello, sizeof hello, 0);
    const std::string_view text = "HTTP/1.1 400 Bad Request\r\n\r\n";
    (void)!send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  };
  CHECK(has(refusal(*context, "edge.test", serves(good, {}, true)), "tls_refused: "));
  CHECK(has(refusal(*context, "edge.test", no_tls), "tls_refused: "));
  CHECK(has(refusal(*context, "edge.test", [](int) {}), "tls_refused: "));
  const Pair silent([](int fd) {
    char byte;
    while (recv(fd, &byte, 1, 0) > 0) {
    }
  });
  const auto waited = context->try_handshake(silent.client(), "edge.test", Milliseconds(50));
  REQUIRE_FALSE(waited.has_value());
  CHECK(waited.error().code == "timeout");
}

TEST_CASE("What was sent before an orderly end arrives, and the end is no error") {
  const Identity good("DNS:edge.test");
  const Pair pair(serves(good, [](SSL* ssl, int) {
    SSL_write(ssl, "first", 5);
    SSL_shutdown(ssl);
  }));
  const auto channel = trusting(good.file)->connect(pair.client(), "edge.test");
  int end = -1;
  CHECK(read_all(*channel, pair.client(), end) == "first");
  CHECK(end == 0);
}

TEST_CASE("A connection that is cut in the middle of a record ends there, without a byte of it") {
  const Identity good("DNS:edge.test");
  const Pair pair(serves(good, [](SSL* ssl, int fd) {
    SSL_write(ssl, "first", 5);
    const char part[] = {23, 3, 3, 0, 100, 'a', 'b', 'c'};  // of a record of 100 bytes
    (void)!send(fd, part, sizeof part, MSG_NOSIGNAL);
  }));
  const auto channel = trusting(good.file)->connect(pair.client(), "edge.test");
  int end = -1;
  CHECK(read_all(*channel, pair.client(), end) == "first");
  CHECK(end == EPROTO);
}

TEST_CASE("The channel of a server that is not trusted carries nothing") {
  const Identity good("DNS:edge.test");
  const Identity forged("DNS:edge.test");
  const Pair pair(serves(forged, [](SSL* ssl, int) { SSL_write(ssl, "first", 5); }));
  const auto channel = trusting(good.file)->connect(pair.client(), "edge.test");
  int end = -1;
  CHECK(read_all(*channel, pair.client(), end).empty());
  CHECK(end == EPROTO);
}

TEST_CASE("A file of certificates that cannot be read is said") {
  const auto made = TlsClientContext::make({"/nonexistent.pem", false});
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().code == "bad_certificate");
}
