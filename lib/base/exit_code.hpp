// The exit codes of relayd, relayctl and relaybench: those of sysexits(3), and three of our own. Constants.
#pragma once

namespace relay::exit_code {

inline constexpr int kOk = 0;
inline constexpr int kNo = 1;             // the answer is no: not healthy, not found, differs
inline constexpr int kUsage = 64;         // the command line is wrong
inline constexpr int kData = 65;          // the data given is wrong
inline constexpr int kNoInput = 66;       // a file is not there
inline constexpr int kUnavailable = 69;   // the other side cannot be reached
inline constexpr int kSoftware = 70;      // our bug
inline constexpr int kOsRefused = 71;     // the system refused: an address in use, a limit
inline constexpr int kIo = 74;            // reading or writing failed
inline constexpr int kTryAgain = 75;      // not in time; try again
inline constexpr int kProtocol = 76;      // the other side speaks otherwise
inline constexpr int kDenied = 77;        // not allowed
inline constexpr int kConfig = 78;        // the configuration is wrong
inline constexpr int kInterrupted = 130;  // by SIGINT

}  // namespace relay::exit_code
