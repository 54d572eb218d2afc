#include "server/crash_report.hpp"

#include <elf.h>
#include <link.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string_view>

namespace relay::server {
namespace {

struct Fault {
  int number;
  std::string_view name;
};
constexpr Fault kFaults[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGILL, "SIGILL"}, {SIGFPE, "SIGFPE"}, {SIGABRT, "SIGABRT"}};

// What the handler cannot find out for itself.
struct Program {
  std::uintptr_t base = 0;
  char build_id[2 * 64] = "unknown";
  std::size_t build_id_size = 7;
};
Program program;

// A line in fixed memory; what does not fit is left out.
class Line {
 public:
  Line& operator<<(std::string_view text) {
    const std::size_t room = sizeof bytes_ - size_;
    const std::size_t size = text.size() < room ? text.size() : room;
    std::memcpy(bytes_ + size_, text.data(), size);
    size_ += size;
    return *this;
  }
  Line& number(std::uintmax_t value, unsigned base) {
    char digits[24];
    std::size_t at = sizeof digits;
    do {
      digits[--at] = "0123456789abcdef"[value % base];
      value /= base;
    } while (value != 0);
    return *this << (base == 16 ? "0x" : "") << std::string_view(digits + at, sizeof digits - at);
  }
  void write_out() const { [[maybe_unused]] const auto written = ::write(STDERR_FILENO, bytes_, size_); }

 private:
  char bytes_[512];
  std::size_t size_ = 0;
};

std::uintptr_t instruction_of(const void* context) {
  [[maybe_unused]] const auto* machine = &static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(machine->gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<std::uintptr_t>(machine->pc);
#else
  return 0;
#endif
}

void on_fault(int number, siginfo_t* info, void* context) {
  std::string_view name = "a signal";
  for (const Fault& fault : kFaults) {
    if (fault.number == number) name = fault.name;
  }
  Line line;
  line << "level=error event=crash msg=\"relayd was killed by a fault\" signal=" << name << " address=";
  line.number(reinterpret_cast<std::uintptr_t>(info->si_addr), 16) << " instruction=";
  line.number(instruction_of(context), 16) << " base=";
  line.number(program.base, 16) << " thread=";
  line.number(static_cast<std::uintmax_t>(::syscall(SYS_gettid)), 10)
      << " version=" RELAY_VERSION " build_id=" << std::string_view(program.build_id, program.build_id_size)
      << "\n";
  line.write_out();
  ::raise(number);  // the default action by now (SA_RESETHAND), when this returns
}

void take_build_id(const char* note, std::size_t size) {
  while (size >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) header;
    std::memcpy(&header, note, sizeof header);
    const std::size_t name_size = (header.n_namesz + 3U) & ~3U;
    const std::size_t whole = sizeof header + name_size + ((header.n_descsz + 3U) & ~3U);
    if (whole > size) return;
    const char* name = note + sizeof header;
    if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0 &&
        header.n_descsz * 2 <= sizeof program.build_id) {
      for (std::size_t i = 0; i < header.n_descsz; ++i) {
        const auto byte = static_cast<unsigned char>(name[name_size + i]);
        program.build_id[2 * i] = "0123456789abcdef"[byte >> 4];
        program.build_id[2 * i + 1] = "0123456789abcdef"[byte & 15];
      }
      program.build_id_size = header.n_descsz * 2;
      return;
    }
    note += whole;
    size -= whole;
  }
}

// The first object is the program itself.
int look_at_program(dl_phdr_info* info, std::size_t, void*) {
  program.base = info->dlpi_addr;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type == PT_NOTE) {
      take_build_id(reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr), segment.p_memsz);
    }
  }
  return 1;
}

}  // namespace

CrashStack::CrashStack() {
  constexpr std::size_t kBytes = 64 * 1024;  // the registers that the kernel puts there may take 12 KiB
  stack_t current{};
  if (::sigaltstack(nullptr, &current) != 0 || (current.ss_flags & SS_DISABLE) == 0) return;
  bytes_ = std::make_unique<char[]>(kBytes);
  stack_t own{};
  own.ss_sp = bytes_.get();
  own.ss_size = kBytes;
  ::sigaltstack(&own, nullptr);
}

CrashStack::~CrashStack() {
  if (bytes_ == nullptr) return;
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  ::sigaltstack(&none, nullptr);
}

void install_crash_report() {
  dl_iterate_phdr(look_at_program, nullptr);
  for (const Fault& fault : kFaults) {
    struct sigaction current{};
    if (::sigaction(fault.number, nullptr, &current) != 0 || current.sa_handler != SIG_DFL) continue;
    struct sigaction action{};
    action.sa_sigaction = on_fault;
    action.sa_flags = static_cast<int>(SA_SIGINFO | SA_RESETHAND | SA_ONSTACK);
    ::sigaction(fault.number, &action, nullptr);
  }
}

}  // namespace relay::server
