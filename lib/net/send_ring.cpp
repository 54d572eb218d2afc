#include "net/send_ring.hpp"

#include <sys/socket.h>

#include <cassert>
#include <cerrno>
#include <utility>

#if RELAY_HAS_IO_URING

#include <liburing.h>

namespace relay::net {
namespace {

constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;

// From the newest kernel's way to the oldest: the first two spare interrupts (Linux 6.1 and 5.19).
constexpr unsigned kSetups[] = {IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
                                IORING_SETUP_COOP_TASKRUN, 0};

}  // namespace

struct SendRing::Impl {
  ~Impl() {
    if (opened) io_uring_queue_exit(&ring);
  }
  int open();
  void prepare(std::size_t at, int fd);
  std::size_t reap();
  void give_up(int why);

  io_uring ring;
  bool opened = false;
  int error = 0;
  std::size_t count = 0;
  Outcome outcomes[kMaxSends];
  msghdr headers[kMaxSends];
  int descriptors[kMaxSends];
  iovec pieces[kMaxSends][kMaxPieces];
};

int SendRing::Impl::open() {
  int result = 0;
  for (const unsigned setup : kSetups) {
    result = -io_uring_queue_init(kMaxSends, &ring, setup);
    if (result == 0) {
      opened = true;
      return 0;
    }
    if (result != EINVAL) break;  // not the flags
  }
  return result;
}

void SendRing::Impl::prepare(std::size_t at, int fd) {
  io_uring_sqe* const entry = io_uring_get_sqe(&ring);
  assert(entry != nullptr);
  const msghdr& header = headers[at];
  if (header.msg_iovlen == 1) {
    io_uring_prep_send(entry, fd, header.msg_iov->iov_base, header.msg_iov->iov_len, kFlags);
  } else {
    io_uring_prep_sendmsg(entry, fd, &header, kFlags);
  }
  io_uring_sqe_set_data64(entry, at);
}

std::size_t SendRing::Impl::reap() {
  io_uring_cqe* answer = nullptr;
  unsigned head = 0;
  unsigned seen = 0;
  io_uring_for_each_cqe(&ring, head, answer) {
    Outcome& outcome = outcomes[io_uring_cqe_get_data64(answer)];
    outcome.sent = answer->res < 0 ? -1 : answer->res;
    outcome.error = answer->res < 0 ? -answer->res : 0;
    ++seen;
  }
  io_uring_cq_advance(&ring, seen);
  return seen;
}

// What the kernel took and did not answer may have been sent or not: such a connection cannot go on (EIO, as
// add() left it). It takes in order, so what is still in the queue is what was added last.
void SendRing::Impl::give_up(int why) {
  const std::size_t taken = count - io_uring_sq_ready(&ring);
  for (std::size_t i = taken; i < count; ++i) {
    outcomes[i].sent = ::sendmsg(descriptors[i], &headers[i], kFlags);
    outcomes[i].error = outcomes[i].sent < 0 ? errno : 0;
  }
  io_uring_queue_exit(&ring);
  opened = false;
  error = why;
}

std::unique_ptr<SendRing> SendRing::open() {
  auto impl = std::make_unique<Impl>();
  if (const int error = impl->open(); error != 0) {
    errno = error;
    return nullptr;
  }
  return std::unique_ptr<SendRing>(new SendRing(std::move(impl)));
}

SendRing::SendRing(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

SendRing::~SendRing() = default;

bool SendRing::full() const {
  return impl_->count == kMaxSends;
}

int SendRing::error() const {
  return impl_->error;
}

std::span<iovec> SendRing::pieces() {
  return impl_->pieces[impl_->count];
}

void SendRing::add(Connection& connection, int fd, std::size_t count, std::size_t wanted) {
  const std::size_t at = impl_->count++;
  impl_->outcomes[at] = {&connection, wanted, -1, EIO};
  impl_->headers[at] = {};
  impl_->headers[at].msg_iov = impl_->pieces[at];
  impl_->headers[at].msg_iovlen = count;
  impl_->descriptors[at] = fd;
  impl_->prepare(at, fd);
}

std::span<const SendRing::Outcome> SendRing::submit() {
  Impl& ring = *impl_;
  std::size_t answered = 0;
  while (answered < ring.count) {
    const int result = io_uring_submit_and_wait(&ring.ring, static_cast<unsigned>(ring.count - answered));
    const std::size_t more = ring.reap();
    answered += more;
    if (result < 0 && result != -EINTR && more == 0) {
      ring.give_up(-result);
      break;
    }
  }
  return {ring.outcomes, std::exchange(ring.count, 0)};
}

}  // namespace relay::net

#else

namespace relay::net {

struct SendRing::Impl {};

std::unique_ptr<SendRing> SendRing::open() {
  errno = ENOSYS;
  return nullptr;
}

SendRing::SendRing(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SendRing::~SendRing() = default;
bool SendRing::full() const {
  return true;
}
int SendRing::error() const {
  return ENOSYS;
}
std::span<iovec> SendRing::pieces() {
  return {};
}
void SendRing::add(Connection&, int, std::size_t, std::size_t) {}
std::span<const SendRing::Outcome> SendRing::submit() {
  return {};
}

}  // namespace relay::net

#endif
