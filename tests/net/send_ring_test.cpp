// What one turn writes to many clients, with and without the kernel's ring: the same bytes, the same fates.
#include "net/send_ring.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "net/connection.hpp"
#include "net/tls.hpp"
#include "support/catch.hpp"
#include "support/run_on.hpp"

using namespace relay;
using namespace relay::net;

namespace {

constexpr int kPatienceMs = 10'000;

bool ring_is_to_be_had() {
  if (SendRing::open() != nullptr) return true;
  WARN("this kernel or this build gives no ring: " << std::strerror(errno));
  return false;
}

// Descriptors of this process behind which the kernel has a ring.
std::vector<int> open_rings() {
  std::vector<int> rings;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;  // the listing's own descriptor
    if (std::filesystem::read_symlink(entry.path(), gone) == "anon_inode:[io_uring]")
      rings.push_back(std::stoi(entry.path().filename()));
  }
  return rings;
}

struct Ignore final : ConnectionHandler {
  void on_data(std::string_view) override {}
};

// This thread's calls of io_uring_setup() fail as in a container that forbids them (seccomp(2)).
void forbid_io_uring() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{std::size(program), program};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    std::abort();
}

enum class Ring { kNone, kUsed, kForbidden };

// `count` clients of one loop, the test at the other end of each.
class Clients {
 public:
  Clients(std::size_t count, Ring ring) {
    loop_.use_send_ring(ring != Ring::kNone);
    std::vector<int> ours;
    for (std::size_t i = 0; i < count; ++i) {
      int ends[2];
      REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
      ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
      ours.push_back(ends[0]);
      peers_.push_back(ends[1]);
    }
    thread_ = std::thread([this, ring] {
      if (ring == Ring::kForbidden) forbid_io_uring();
      loop_.run();
    });
    on_loop([&] {
      for (const int fd : ours) {
        connections.push_back(new Connection(loop_, metrics, set_, fd, {}, nullptr));
        connections.back()->become(std::make_unique<Ignore>());
      }
    });
  }
  ~Clients() {
    on_loop([&] { set_.close_all(); });
    on_loop([] {});  // the end of the turn is over
    loop_.stop();
    thread_.join();
    for (const int peer : peers_) ::close(peer);
  }
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  void on_loop(const std::function<void()>& work) { test::run_on(loop_, work); }
  bool has_ring() {
    bool has = false;
    on_loop([&] { has = loop_.has_send_ring(); });
    return has;
  }
  int ring_error() {
    int error = 0;
    on_loop([&] { error = loop_.send_ring_error(); });
    return error;
  }
  std::size_t open() {
    std::size_t count = 0;
    on_loop([&] { count = set_.size(); });
    return count;
  }
  std::string read(std::size_t client, std::size_t size) {
    std::string all;
    while (all.size() < size) {
      pollfd ready{peers_[client], POLLIN, 0};
      REQUIRE(::poll(&ready, 1, kPatienceMs) == 1);
      char bytes[64 * 1024];
      const ssize_t got = ::recv(peers_[client], bytes, std::min(sizeof bytes, size - all.size()), 0);
      if (got <= 0) break;
      all.append(bytes, static_cast<std::size_t>(got));
    }
    return all;
  }
  bool ended(std::size_t client) const {
    pollfd ready{peers_[client], POLLIN, 0};
    char byte = 0;
    return ::poll(&ready, 1, kPatienceMs) == 1 && ::recv(peers_[client], &byte, 1, 0) <= 0;
  }
  void leave(std::size_t client) const { ::shutdown(peers_[client], SHUT_RDWR); }

  metrics::LoopMetrics metrics;
  std::vector<Connection*> connections;

 private:
  IoLoop loop_{0};
  ConnectionSet set_;
  std::vector<int> peers_;
  std::thread thread_;
};

std::string text_for(std::size_t client, std::size_t number) {
  return "client " + std::to_string(client) + " piece " + std::to_string(number) + "\n";
}

}  // namespace

TEST_CASE("Each of many clients gets its own pieces in order, more clients than one submission takes") {
  const Ring ring = GENERATE(Ring::kNone, Ring::kUsed, Ring::kForbidden);
  if (ring == Ring::kUsed && !ring_is_to_be_had()) return;
  constexpr std::size_t kClients = 3 * SendRing::kMaxSends + 1;
  Clients clients(kClients, ring);
  REQUIRE(clients.has_ring() == (ring == Ring::kUsed));
  // None, one, several, as many as one send takes, and more.
  const auto pieces_of = [](std::size_t client) { return client % (SendRing::kMaxPieces + 3); };
  for (int turn = 0; turn < 3; ++turn) {
    clients.on_loop([&] {
      for (std::size_t i = 0; i < kClients; ++i) {
        for (std::size_t k = 0; k < pieces_of(i); ++k) clients.connections[i]->send_copy(text_for(i, k));
      }
    });
    for (std::size_t i = 0; i < kClients; ++i) {
      std::string expected;
      for (std::size_t k = 0; k < pieces_of(i); ++k) expected += text_for(i, k);
      CHECK(clients.read(i, expected.size()) == expected);
    }
  }
}

TEST_CASE("A client that is full or gone takes nothing from the others of its turn") {
  const Ring ring = GENERATE(Ring::kNone, Ring::kUsed, Ring::kForbidden);
  if (ring == Ring::kUsed && !ring_is_to_be_had()) return;
  constexpr std::size_t kClients = 8;
  constexpr std::size_t kFull = 3;
  constexpr std::size_t kGone = 5;
  Clients clients(kClients, ring);
  REQUIRE(clients.has_ring() == (ring == Ring::kUsed));
  std::string big(4 * 1024 * 1024, 'b');  // far more than a socket holds
  for (std::size_t i = 0; i < big.size(); i += 4096) big[i] = static_cast<char>('a' + i / 4096 % 26);
  clients.on_loop([&] {
    clients.leave(kGone);  // the write comes before anybody could have read of it
    for (std::size_t i = 0; i < kClients; ++i)
      clients.connections[i]->send_copy(i == kFull ? big : text_for(i, 0));
  });
  clients.on_loop([&] {
    for (std::size_t i = 0; i < kClients; ++i) {
      if (i != kGone) clients.connections[i]->send_copy(text_for(i, 1));
    }
  });
  for (std::size_t i = 0; i < kClients; ++i) {
    if (i == kGone) continue;
    const std::string expected = (i == kFull ? big : text_for(i, 0)) + text_for(i, 1);
    CHECK((clients.read(i, expected.size()) == expected));
  }
  CHECK(clients.open() == kClients - 1);
}

TEST_CASE("What is queued for a client that is being closed leaves before the end") {
  const Ring ring = GENERATE(Ring::kNone, Ring::kUsed, Ring::kForbidden);
  if (ring == Ring::kUsed && !ring_is_to_be_had()) return;
  constexpr std::size_t kClients = 5;
  Clients clients(kClients, ring);
  clients.on_loop([&] {
    for (std::size_t i = 0; i < kClients; ++i) {
      clients.connections[i]->send_copy(text_for(i, 0));
      if (i % 2 == 0) clients.connections[i]->close_after_flush();
    }
  });
  for (std::size_t i = 0; i < kClients; ++i) {
    CHECK(clients.read(i, text_for(i, 0).size()) == text_for(i, 0));
    if (i % 2 == 0) CHECK(clients.ended(i));
  }
}

TEST_CASE("A loop that is refused its ring says why") {
  CHECK(Clients(1, Ring::kNone).ring_error() == 0);
  const int error = Clients(1, Ring::kForbidden).ring_error();
  CHECK((error == EPERM || error == ENOSYS));  // ENOSYS: built without
}

TEST_CASE("A loop whose ring fails while it runs goes on without it, and says why") {
  if (!ring_is_to_be_had()) return;
  constexpr std::size_t kClients = 4;
  Clients clients(kClients, Ring::kUsed);
  REQUIRE(clients.has_ring());
  const auto send_all = [&](std::size_t number) {
    clients.on_loop([&] {
      for (std::size_t i = 0; i < kClients; ++i) clients.connections[i]->send_copy(text_for(i, number));
    });
    for (std::size_t i = 0; i < kClients; ++i)
      CHECK(clients.read(i, text_for(i, number).size()) == text_for(i, number));
  };
  send_all(0);
  CHECK(clients.ring_error() == 0);
  const int nothing = ::open("/dev/null", O_RDWR);
  clients.on_loop([&] {
    for (const int ring : open_rings()) REQUIRE(::dup2(nothing, ring) == ring);
  });
  ::close(nothing);
  send_all(1);
  CHECK_FALSE(clients.has_ring());
  CHECK(clients.ring_error() != 0);
  send_all(2);
}

TEST_CASE("The ring answers for each send by itself") {
  if (!ring_is_to_be_had()) return;
  Clients clients(1, Ring::kNone);  // somebody for the ring to name
  Connection& owner = *clients.connections.front();
  int whole[2];
  int broken[2];
  int full[2];
  for (int* ends : {whole, broken, full})
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
  ::close(broken[1]);
  const std::string filler(64 * 1024, 'f');
  while (::send(full[0], filler.data(), filler.size(), MSG_DONTWAIT) > 0) continue;

  const auto ring = SendRing::open();
  REQUIRE(ring != nullptr);
  CHECK(ring->submit().empty());
  std::string one = "one";
  std::string two = "two";
  ring->pieces()[0] = {one.data(), one.size()};
  ring->pieces()[1] = {two.data(), two.size()};
  ring->add(owner, whole[0], 2, 6);
  ring->pieces()[0] = {one.data(), one.size()};
  ring->add(owner, broken[0], 1, 3);
  ring->pieces()[0] = {one.data(), one.size()};
  ring->add(owner, full[0], 1, 3);
  const auto outcomes = ring->submit();
  REQUIRE(outcomes.size() == 3);
  CHECK(outcomes[0].connection == &owner);
  CHECK(outcomes[0].wanted == 6);
  CHECK(outcomes[0].sent == 6);
  CHECK(outcomes[1].sent == -1);
  CHECK(outcomes[1].error == EPIPE);
  CHECK(outcomes[2].sent == -1);
  CHECK(outcomes[2].error == EAGAIN);
  CHECK(ring->error() == 0);
  CHECK(ring->submit().empty());
  char bytes[8];
  REQUIRE(::recv(whole[1], bytes, sizeof bytes, 0) == 6);
  CHECK(std::string_view(bytes, 6) == "onetwo");
  for (const int fd : {whole[0], whole[1], broken[0], full[0], full[1]}) ::close(fd);
}

TEST_CASE("What a failing ring did not take is sent without it") {
  if (!ring_is_to_be_had()) return;
  Clients clients(1, Ring::kNone);  // somebody for the ring to name
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
  const int nothing = ::open("/dev/null", O_RDWR);
  const int next = ::dup(nothing);  // the lowest number that is free: what the ring will have
  ::close(next);
  const auto ring = SendRing::open();
  REQUIRE(ring != nullptr);
  REQUIRE(::dup2(nothing, next) == next);  // the kernel has no ring under it any more
  std::string one = "one";
  std::string two = "two";
  for (std::string* text : {&one, &two}) {
    ring->pieces()[0] = {text->data(), text->size()};
    ring->add(*clients.connections.front(), ends[0], 1, text->size());
  }
  const auto outcomes = ring->submit();
  CHECK(ring->error() != 0);
  REQUIRE(outcomes.size() == 2);
  for (const SendRing::Outcome& outcome : outcomes) CHECK(outcome.sent == 3);
  char bytes[8];
  REQUIRE(::recv(ends[1], bytes, sizeof bytes, 0) == 6);
  CHECK(std::string_view(bytes, 6) == "onetwo");
  for (const int fd : {nothing, ends[0], ends[1]}) ::close(fd);
}
