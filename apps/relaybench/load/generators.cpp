#include "load/generators.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>

#include "load/generator.hpp"

namespace relay::bench {
namespace {

struct Pipe {
  int read = -1;
  int write = -1;
  bool open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return true;
  }
};

// What a terminal sends to all is the parent's business: it ends the run by way of the drain.
[[noreturn]] void be_generator(RunSetup& setup, std::uint32_t index, int to_parent, int from_parent,
                               pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) signal(number, SIG_IGN);
  int status = 0;
  try {
    run_generator(setup, index, to_parent, from_parent);
  } catch (const std::exception& error) {
    write_record(to_parent, RecordKind::kFailed, error.what());
    status = 1;
  }
  _exit(status);  // what the parent has open and registered is not for a child to tidy up
}

}  // namespace

Result<std::unique_ptr<Crew>> Generators::start(RunSetup& setup) {
  std::unique_ptr<Generators> all(new Generators(setup.board));
  std::fflush(nullptr);
  const pid_t parent = getpid();
  for (std::uint32_t i = 0; i < setup.plan.processes; ++i) {
    Pipe up;
    Pipe down;
    const pid_t pid = up.open() && down.open() ? fork() : -1;
    if (pid < 0)
      return make_error(ErrorKind::kUnavailable, "no_processes", "cannot start a generator process");
    if (pid == 0) be_generator(setup, i, up.write, down.read, parent);
    ::close(up.write);
    ::close(down.read);
    fcntl(up.read, F_SETFL, O_NONBLOCK);
    all->children_.push_back({pid, up.read, down.write, RecordReader(up.read)});
  }
  return std::unique_ptr<Crew>(std::move(all));
}

Generators::~Generators() {
  for (Child& child : children_) {
    kill(child.pid, SIGKILL);
    waitpid(child.pid, nullptr, 0);
    ::close(child.from);
    ::close(child.to);
  }
}

Result<void> Generators::listen(milliseconds limit, const OnRecord& on_record) {
  std::vector<pollfd> waits;
  for (const Child& child : children_) {
    waits.push_back({child.ended ? -1 : child.from, POLLIN, 0});
  }
  if (poll(waits.data(), waits.size(), static_cast<int>(limit.count())) <= 0) return {};
  for (std::size_t i = 0; i < children_.size(); ++i) {
    if (waits[i].revents == 0) continue;
    Child& child = children_[i];
    child.ended = !child.reader.read();
    while (auto record = child.reader.next()) {
      child.has_tally = child.has_tally || record->kind == RecordKind::kTally;
      on_record(i, std::move(*record));
    }
    if (child.ended && !child.has_tally) {
      return make_error(ErrorKind::kInternal, "generator_failed",
                        "a generator process ended before it was done");
    }
  }
  return {};
}

void Generators::judge(std::string_view exceptions) {
  for (const Child& child : children_) write_record(child.to, RecordKind::kJudge, exceptions);
}

}  // namespace relay::bench
