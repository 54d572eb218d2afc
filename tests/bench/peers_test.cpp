// The drivers against the servers they are for: nginx with nchan (Debian's), and relayd by its bridge and by
// templates.
#include "bench/bench_run.hpp"

#include "support/catch.hpp"

#include <signal.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "support/await.hpp"
#include "support/http_client.hpp"
#include "support/relayd_process.hpp"

namespace {

using namespace relay::test;
using namespace std::chrono_literals;

// nginx in the foreground, one worker, its files in a folder of its own.
class Nginx {
 public:
  Nginx() : process_({"nginx", "-p", folder_.path(), "-e", "stderr", "-c", configuration()}) {
    if (!await([this] { return answers() || !process_.running(); }) || !process_.running())
      throw std::runtime_error("nginx does not answer: " + process_.output());
  }

  ~Nginx() {
    process_.signal(SIGTERM);  // the master ends its worker
    process_.wait(10s);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  bool answers() const {
    try {
      return http_get(port_, "/status").status == 200;
    } catch (const std::exception&) {
      return false;  // not listening yet
    }
  }

  std::string configuration() const {
    const std::string& at = folder_.path();
    std::string text =
        "load_module /usr/lib/nginx/modules/ngx_nchan_module.so;\n"
        "daemon off; worker_processes 1; pid " +
        at + "/pid; error_log stderr warn;\n";
    if (getuid() == 0) text += "user root;\n";
    text += "events { worker_connections 512; }\nhttp {\n  access_log off; keepalive_requests 1000000;\n";
    for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
      text += std::string("  ") + kind + "_temp_path " + at + "/" + kind + ";\n";
    text += "  nchan_message_buffer_length 100;\n  server {\n    listen 127.0.0.1:" + std::to_string(port_) +
            ";\n    location = /status { nchan_stub_status; }\n"
            "    location ~ ^/pub/(.+)$ { nchan_publisher; nchan_channel_id $1; }\n"
            "    location ~ ^/sse/(.+)$ { nchan_subscriber eventsource; nchan_channel_id $1;\n"
            "      nchan_subscriber_first_message newest; }\n"
            "    location ~ ^/ws/(.+)$ { nchan_subscriber websocket; nchan_channel_id $1;\n"
            "      nchan_subscriber_first_message newest; }\n  }\n}\n";
    return folder_.write("nginx.conf", text);
  }

  ScratchFolder folder_;
  std::uint16_t port_ = free_port();
  ChildProcess process_;
};

// Every message of 20 subscribers' channels arrives, whole and in order.
void expect_whole(const std::string& url, const std::string& driver, const std::string& transport,
                  std::vector<std::string> more = {}) {
  INFO(driver << " over " << transport);
  std::vector<std::string> words = {"fanout",      "--url",   url,        "--driver", driver,
                                    "--transport", transport, "--subs",   "20",       "--channels",
                                    "4",           "--pubs",  "2",        "--rate",   "200/s",
                                    "--duration",  "1s",      "--warmup", "200ms",    "--allow-saturated"};
  words.insert(words.end(), more.begin(), more.end());
  BenchRun run(words);
  const int code = run.wait();
  INFO(run.result().at("delivery").dump() << run.result().at("errors").dump());
  CHECK(code == 0);
  CHECK(run.count("expected") >= 1000);
  CHECK(run.count("received") == run.count("expected"));
}

std::string url_of(const RelaydProcess& relayd) {
  return "http://127.0.0.1:" + std::to_string(relayd.port());
}

}  // namespace

TEST_CASE("nchan is measured over each of its transports") {
  const Nginx nginx;
  expect_whole(nginx.url(), "nchan", "sse");
  expect_whole(nginx.url(), "nchan", "ws");
  expect_whole(nginx.url(), "nchan", "ws-raw");
}

TEST_CASE("relayd's bridge is measured as any bridge is") {
  const RelaydProcess relayd(Settings{{"bridge.rps_limit", "0"}});
  expect_whole(url_of(relayd) + "/bridge", "bridge", "sse");
}

TEST_CASE("relayd is measured over each of its transports") {
  const RelaydProcess relayd;
  for (const char* transport : {"sse", "ws", "ws-raw"}) expect_whole(url_of(relayd), "relay", transport);
}

TEST_CASE("a server that no driver knows is measured by templates") {
  const RelaydProcess relayd;
  const std::vector<std::string> templates = {"--driver-option", "sse=/v1/events?channel={channel}",
                                              "--driver-option", "ws=/v1/ws?channel={channel}&format=json",
                                              "--driver-option", "publish=/v1/channels/{channel}/messages"};
  expect_whole(url_of(relayd), "plain", "sse", templates);
  expect_whole(url_of(relayd), "plain", "ws", templates);
}
