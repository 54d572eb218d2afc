#include "load/workers.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "load/alarm.hpp"
#include "load/engine.hpp"
#include "load/outcome.hpp"
#include "load/plan_bytes.hpp"

namespace relay::bench {
namespace {

constexpr milliseconds kPatience{5000};
constexpr int kPings = 8;

std::string proof_of(const std::string& secret, const std::string& nonce) {
  unsigned char sum[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(nonce.data()), nonce.size(), sum, &size);
  return {reinterpret_cast<const char*>(sum), size};
}

std::int64_t wall_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

// Writes block, reads follow a poll; a machine that is gone is found in about twenty seconds.
void prepare(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  const int on = 1;
  const int seconds = 5;
  const int probes = 3;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

bool is_readable(int fd, milliseconds limit) {
  pollfd wait{fd, POLLIN, 0};
  return poll(&wait, 1, static_cast<int>(limit.count())) == 1;
}

// The next record, if it comes in time and the other end is there.
std::optional<Record> await_record(int fd, RecordReader& reader) {
  const std::int64_t until = monotonic_ns() + std::chrono::nanoseconds(kPatience).count();
  for (;;) {
    if (auto record = reader.next()) return record;
    const auto left = std::chrono::duration_cast<milliseconds>(Nanoseconds(until - monotonic_ns()));
    if (left.count() <= 0 || !is_readable(fd, left)) return {};
    if (!reader.read()) return reader.next();
  }
}

// The offset of the other's wall clock, by the ping with the shortest way.
struct Offset {
  std::int64_t ns = 0;
  std::int64_t error_ns = std::numeric_limits<std::int64_t>::max();
};
std::optional<Offset> clock_offset(int fd, RecordReader& reader) {
  Offset best;
  for (int i = 0; i < kPings; ++i) {
    const std::int64_t sent = wall_ns();
    if (!write_record(fd, RecordKind::kPing, {})) return {};
    const auto pong = await_record(fd, reader);
    if (!pong || pong->kind != RecordKind::kPong) return {};
    const std::int64_t half = (wall_ns() - sent) / 2;
    const auto theirs = Unpacker(pong->bytes).take<std::int64_t>();
    if (half < best.error_ns) best = {theirs - sent - half, half};
  }
  return best;
}

Error no_worker(const std::string& address, const std::string& why) {
  return make_error(ErrorKind::kUnavailable, "no_worker", "the worker at " + address + ": " + why);
}

}  // namespace

Result<Workers::Member> Workers::meet(const std::string& address, const std::string& secret) {
  const auto endpoint = net::Endpoint::parse(address);
  if (!endpoint) return no_worker(address, endpoint.error().message);
  auto socket = client::Socket::connect(*endpoint, client::deadline_in(kPatience));
  if (!socket) return no_worker(address, socket.error().message);
  const int fd = socket->descriptor();
  prepare(fd);
  Member member{std::move(*socket), RecordReader(fd), {}};
  member.note.address = address;
  const auto hello = await_record(fd, member.reader);
  if (!hello || hello->kind != RecordKind::kHello) return no_worker(address, "it is no worker of relaybench");
  Unpacker in(hello->bytes);
  const std::string version = in.take_text();
  if (version != RELAY_VERSION)
    return no_worker(address, "it is relaybench " + version + ", this is " RELAY_VERSION);
  write_record(fd, RecordKind::kProof, proof_of(secret, in.take_text()));
  const auto offset = clock_offset(fd, member.reader);
  if (!offset) return no_worker(address, "it does not take this secret");
  member.note.clock_before_ns = offset->ns;
  member.note.clock_error_ns = offset->error_ns;
  return member;
}

Result<std::unique_ptr<Crew>> Workers::start(const Plan& plan) {
  auto all = std::make_unique<Workers>();
  for (const std::string& address : plan.workers) {
    auto member = meet(address, plan.worker_secret);
    if (!member) return member.error();
    all->members_.push_back(std::move(*member));
  }
  for (std::size_t i = 0; i < all->members_.size(); ++i) {
    write_record(all->members_[i].socket.descriptor(), RecordKind::kPlan, plan_bytes(part_of(plan, i)));
  }
  return std::unique_ptr<Crew>(std::move(all));
}

Result<void> Workers::listen(std::chrono::milliseconds limit, const OnRecord& on_record) {
  std::vector<pollfd> waits;
  for (const Member& member : members_) {
    waits.push_back({member.has_tally ? -1 : member.socket.descriptor(), POLLIN, 0});
  }
  if (poll(waits.data(), waits.size(), static_cast<int>(limit.count())) <= 0) return {};
  for (std::size_t i = 0; i < members_.size(); ++i) {
    Member& member = members_[i];
    if (waits[i].revents == 0) continue;
    const bool there = member.reader.read();
    while (auto record = member.reader.next()) {
      member.has_tally = member.has_tally || record->kind == RecordKind::kTally;
      if (record->kind == RecordKind::kFailed) return no_worker(member.note.address, record->bytes);
      on_record(i, std::move(*record));
    }
    if (!there && !member.has_tally) return no_worker(member.note.address, "it left before it was done");
  }
  return {};
}

void Workers::tell_all(RecordKind kind) {
  for (const Member& member : members_) write_record(member.socket.descriptor(), kind, {});
}

void Workers::begin(std::int64_t) {
  tell_all(RecordKind::kBegin);
}

void Workers::stop() {
  tell_all(RecordKind::kStop);
}

std::vector<WorkerNote> Workers::notes() {
  std::vector<WorkerNote> notes;
  for (Member& member : members_) {
    if (const auto offset = clock_offset(member.socket.descriptor(), member.reader)) {
      member.note.clock_after_ns = offset->ns;
      member.note.clock_error_ns = std::max(member.note.clock_error_ns, offset->error_ns);
    }
    notes.push_back(member.note);
  }
  return notes;
}

namespace {

// What a worker tells the coordinator while its part runs, and hears from it.
class Relay final : public Progress {
 public:
  Relay(int fd, RecordReader& reader, const std::function<bool()>& ended)
      : fd_(fd), reader_(reader), ended_(ended) {}
  void on_moment(const Moment&) override {}
  void on_interval(std::int64_t at, const IntervalTally& interval) override {
    Packer out;
    out.put(at);
    interval.append_to(out);
    send(RecordKind::kInterval, out.bytes());
  }
  bool may_begin() override {
    if (!said_ready_) send(RecordKind::kReady, {});
    said_ready_ = true;
    hear();
    return begin_;
  }
  bool stop_wanted() override {
    hear();
    return stop_ || ended_();
  }
  void send(RecordKind kind, std::string_view bytes) { stop_ = !write_record(fd_, kind, bytes) || stop_; }

 private:
  void hear() {
    while (!stop_ && is_readable(fd_, milliseconds(0))) {
      const bool there = reader_.read();
      while (const auto record = reader_.next()) {
        begin_ = begin_ || record->kind == RecordKind::kBegin;
        stop_ = stop_ || record->kind == RecordKind::kStop;
      }
      stop_ = stop_ || !there;
    }
  }
  int fd_;
  RecordReader& reader_;
  const std::function<bool()>& ended_;
  bool said_ready_ = false;
  bool begin_ = false;
  bool stop_ = false;
};

// Whether who has come knows the secret. Before that, not a byte more than a proof is read.
bool is_proven(int fd, const std::string& secret) {
  const std::string nonce = random_hex(16);
  Packer hello;
  hello.put(std::string_view(RELAY_VERSION)).put(std::string_view(nonce));
  if (!write_record(fd, RecordKind::kHello, hello.bytes())) return false;
  const std::string expected = proof_of(secret, nonce);
  const std::size_t size = 2 * sizeof(std::uint32_t) + expected.size();  // the record's head, the sum
  std::string got(size, '\0');
  std::size_t have = 0;
  while (have < size && is_readable(fd, kPatience)) {
    const ssize_t more = recv(fd, got.data() + have, size - have, 0);
    if (more <= 0) return false;
    have += static_cast<std::size_t>(more);
  }
  return have == size &&
         CRYPTO_memcmp(got.data() + size - expected.size(), expected.data(), expected.size()) == 0;
}

std::string carry_out(int fd, RecordReader& reader, const std::string& bytes,
                      const std::function<bool()>& ended) {
  Unpacker in(bytes);
  const Plan plan = take_plan(in);
  Relay progress(fd, reader, ended);
  const auto gathered = gather(plan, progress);
  if (!gathered) {
    progress.send(RecordKind::kFailed, gathered.error().message);
    return plan.name + ": " + gathered.error().message;
  }
  Packer tally;
  gathered->tally.append_to(tally);
  progress.send(RecordKind::kDrained, {});
  progress.send(RecordKind::kTally, tally.bytes());
  return plan.name + ": done, " + std::to_string(gathered->tally.delivery.received) + " deliveries";
}

}  // namespace

std::string serve_coordinator(int fd, const std::string& secret, const std::function<bool()>& ended) {
  client::Socket socket(fd);
  prepare(fd);
  if (!is_proven(fd, secret)) return "refused: the secret is another";
  RecordReader reader(fd);
  std::string story = "came and left";
  while (!ended()) {
    const auto record = reader.next();
    if (record && record->kind == RecordKind::kPing) {
      write_record(fd, RecordKind::kPong, Packer().put(wall_ns()).bytes());
    } else if (record && record->kind == RecordKind::kPlan) {
      story = carry_out(fd, reader, record->bytes, ended);
    } else if (!record && is_readable(fd, milliseconds(200)) && !reader.read()) {
      return story;
    }
  }
  return story;
}

}  // namespace relay::bench
