// What bad input gets on the channels front-end: a clear 4xx with a JSON body, nothing stored, nothing logged
// at error, and a relayd that lives on.
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "support/catch.hpp"
#include "support/relayd_process.hpp"
#include "support/streams.hpp"

using namespace relay::test;
using Json = nlohmann::json;
using relay::percent_encode;
using std::chrono::milliseconds;

namespace {

struct Stage {
  RelaydProcess relayd{Settings{{"http.header_timeout", "400ms"},
                                {"http.body_timeout", "400ms"},
                                {"http.max_head_bytes", "64KiB"},
                                {"publish.max_bytes", "1000"},
                                {"publish.max_batch_bytes", "5000"},
                                {"publish.max_batch_lines", "20"},
                                {"websocket.max_message_bytes", "2000"},
                                {"websocket.allowed_origins", "https://app.example"},
                                {"bridge.enable", "false"}}};
  std::uint16_t port() const { return relayd.port(); }
};

Stage& stage() {
  static Stage one;
  return one;
}

const std::string kMessages = "/v1/channels/bad/messages";

// The JSON error body that every refusal carries.
std::string code_of(const HttpAnswer& answer) {
  INFO("body: " << answer.body);
  CHECK(answer.header("Content-Type").find("application/json") == 0);
  const Json body = Json::parse(answer.body, nullptr, false);
  REQUIRE(body.is_object());
  REQUIRE(body.contains("error"));
  CHECK_FALSE(body["error"]["message"].get<std::string>().empty());
  return body["error"]["code"].get<std::string>();
}

void refused(const HttpAnswer& answer, int status, const std::string& code) {
  CHECK(answer.status == status);
  CHECK(code_of(answer) == code);
}

// Sent as it is; the answer must be the given status and the connection must end.
void refused_and_closed(const std::string& bytes, int status) {
  INFO("sent: " << bytes.substr(0, 200));
  HttpClient client(stage().port());
  client.send(bytes);
  const HttpAnswer answer = client.read_answer();
  CHECK(answer.status == status);
  code_of(answer);
  CHECK_FALSE(answer.keep_alive);
  CHECK(client.read_to_end().empty());
}

void stored_nothing() {
  const HttpAnswer kept = http_get(stage().port(), kMessages + "?after=0");
  CHECK(Json::parse(kept.body)["messages"].empty());
}

}  // namespace

TEST_CASE("Channel names that are none") {
  const std::vector<std::string> names{"a b",
                                       "a\tb",
                                       "a\nb",
                                       std::string("a\0b", 3),
                                       "a\x7f",
                                       "\xc2\xa0",
                                       "\xff\xfe",
                                       "\xed\xa0\x80",
                                       "$all",
                                       "$instance:x",
                                       std::string(256, 'n'),
                                       "a\xe2\x80\x8b"
                                       "b",
                                       "\xef\xbb\xbf"};
  for (const std::string& name : names) {
    INFO("name " << percent_encode(name));
    const std::string path = "/v1/channels/" + percent_encode(name) + "/messages";
    refused(http_post(stage().port(), path, "x"), 400, "bad_channel");
    refused(http_get(stage().port(), path), 400, "bad_channel");
    refused(http_get(stage().port(), "/v1/events?channel=" + percent_encode(name)), 400, "bad_channel");
    refused(http_get(stage().port(), "/v1/channels/" + percent_encode(name) + "/presence"), 400,
            "bad_channel");
  }
  refused(http_post(stage().port(), "/v1/channels//messages", "x"), 400, "bad_channel");
  refused(http_get(stage().port(), "/v1/events?channel="), 400, "bad_channel");
  CHECK(http_post(stage().port(), "/v1/channels/" + std::string(255, 'n') + "/messages", "x").status == 201);
}

TEST_CASE("Broken percent-escapes, in the path and in the query") {
  for (const std::string& escape : std::vector<std::string>{"%", "%2", "%zz", "%%41", "a%u0041"}) {
    INFO(escape);
    refused(http_post(stage().port(), "/v1/channels/bad" + escape + "/messages", "x"), 400, "bad_escape");
    refused(http_get(stage().port(), "/v1/events?channel=" + escape), 400, "bad_escape");
    refused(http_post(stage().port(), kMessages + "?ttl=" + escape, "x"), 400, "bad_escape");
  }
  stored_nothing();
}

TEST_CASE("Bodies: none, too long, not UTF-8, not the JSON they claim to be") {
  refused(http_post(stage().port(), kMessages, ""), 400, "no_body");
  refused(http_post(stage().port(), kMessages, std::string(1001, 'x')), 413, "too_large");
  for (const std::string& text :
       std::vector<std::string>{"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    refused(http_post(stage().port(), kMessages, text), 415, "not_utf8");
  }
  for (const std::string& text :
       std::vector<std::string>{"{", "{}{}", "nul", "'a'", "[1,]", "\"\xff\"", "\"a\nb\"",
                                std::string("1\0", 2), std::string("1\0,\"forged\":2", 14)}) {
    INFO(text);
    const HttpAnswer answer =
        http_post(stage().port(), kMessages, text, {{"Content-Type", "application/json"}});
    CHECK((answer.status == 400 || answer.status == 415));
  }
  // The limit of the whole body refuses before the bytes have come.
  HttpClient client(stage().port());
  client.send("POST " + kMessages + " HTTP/1.1\r\nHost: r\r\nContent-Length: 999999999999\r\n\r\n");
  CHECK(client.read_answer().status == 413);
  stored_nothing();
}

TEST_CASE("JSON nested 100,000 deep is refused and harms nothing") {
  for (const std::string& open : std::vector<std::string>{"[", "{\"a\":"}) {
    std::string deep;
    for (int i = 0; i < 100'000 / static_cast<int>(open.size()); ++i) deep += open;
    RelaydProcess relayd(Settings{{"publish.max_bytes", "1MiB"},
                                  {"client.max_queue_bytes", "4MiB"},
                                  {"websocket.max_message_bytes", "1MiB"}});
    const HttpAnswer answer =
        http_post(relayd.port(), kMessages, deep, {{"Content-Type", "application/json"}});
    refused(answer, 400, "bad_json");
    const HttpAnswer batch =
        http_post(relayd.port(), "/v1/messages", "{\"channel\":\"bad\",\"data\":" + deep);
    CHECK(batch.status == 200);
    CHECK(Json::parse(batch.body)["error"]["code"] == "bad_line");
    StreamSet streams;
    Stream& ws = streams.open(relayd.port(), Wire::kWsJson, "");
    REQUIRE(streams.await_live());
    ws.send_text(deep);
    REQUIRE(streams.run_until([&] { return ws.find("error") != nullptr; }));
    CHECK(Json::parse(ws.find("error")->data)["code"] == "bad_json");
    CHECK(ws.live());
    CHECK(relayd.process().running());
    CHECK(relayd.errors_logged().empty());
  }
}

TEST_CASE("Parameters out of range") {
  for (const std::string& ttl :
       std::vector<std::string>{"-1", "301", "1d", "x", "1.5", "99999999999999999999"}) {
    refused(http_post(stage().port(), kMessages + "?ttl=" + ttl, "x"), 400, "bad_ttl");
  }
  for (const std::string& limit : std::vector<std::string>{"0", "-1", "1001", "x", "1e2", ""}) {
    refused(http_get(stage().port(), kMessages + "?limit=" + limit), 400, "bad_limit");
  }
  refused(http_get(stage().port(), kMessages + "?wait=soon"), 400, "bad_wait");
  refused(http_get(stage().port(), kMessages + "?after=now"), 400, "bad_cursor");
  refused(http_get(stage().port(), "/v1/events?channel=bad&format=xml"), 400, "bad_format");
  refused(http_get(stage().port(), "/v1/events?channel=bad", {{"Last-Event-ID", "x"}}), 400, "bad_cursor");
  refused(http_post(stage().port(), kMessages, "x", {{"Idempotency-Key", std::string(256, 'k')}}), 400,
          "bad_idempotency_key");
  for (const std::string& event : std::vector<std::string>{"gap", "error", "open", "a%0Ab", "a%0Db", "a%00b",
                                                           "%FF", std::string(256, 'e')}) {
    refused(http_post(stage().port(), kMessages + "?event=" + event, "x"), 400, "bad_event");
  }
  stored_nothing();
}

TEST_CASE("Batches that are none") {
  refused(http_post(stage().port(), "/v1/messages", ""), 400, "no_body");
  refused(http_post(stage().port(), "/v1/messages", "\n\r\n \n"), 400, "no_body");
  refused(http_post(stage().port(), "/v1/messages", "{\"channel\":\"\xff\"}"), 415, "not_utf8");
  refused(http_post(stage().port(), "/v1/messages", std::string(5001, ' ')), 413, "too_large");
  std::string lines;
  for (int i = 0; i < 21; ++i) lines += "{}\n";
  refused(http_post(stage().port(), "/v1/messages", lines), 413, "too_large");
  const std::vector<std::string> wrong{"[]",
                                       "1",
                                       "{\"channel\":1,\"data\":1}",
                                       "{\"data\":1}",
                                       "{\"channel\":\"bad\"}",
                                       R"({"channel":"bad","data":1,"ttl":-1})",
                                       R"({"channel":"bad","data":1,"ttl":1.5})",
                                       R"({"channel":"bad","data":1,"event":"gap"})",
                                       R"({"channel":"bad","data":1,"event":7})",
                                       R"({"channel":"bad","data":1,"exclude":"x"})",
                                       R"({"channel":"bad","data":1,"exclude":[1]})",
                                       R"({"channel":"$all","data":1})"};
  for (const std::string& line : wrong) {
    INFO(line);
    const HttpAnswer answer = http_post(stage().port(), "/v1/messages", line);
    CHECK(answer.status == 200);
    CHECK(Json::parse(answer.body)["status"] == 400);
  }
  stored_nothing();
}

TEST_CASE("Smuggling attempts and broken framing get 400 and the end of the connection") {
  const std::string post = "POST " + kMessages + " HTTP/1.1\r\nHost: r\r\n";
  const std::vector<std::string> broken{
      post + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
      post + "Content-Length: 1, 2\r\n\r\nxx",
      post + "Content-Length: +1\r\n\r\nx",
      post + "Content-Length: 0x1\r\n\r\nx",
      post + "Content-Length: \r\n\r\nx",
      post + "Content-Length : 1\r\n\r\nx",
      post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\nx\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n",
      post + "X: a\rb\r\n\r\n",
      post + "X: a\nb: c\r\n\r\n",
      post + "X: a\r\n folded\r\n\r\n",
      post + std::string("X: a\0b\r\n\r\n", 10),
      "GET " + kMessages + " HTTP/1.1\nHost: r\n\n",
      "GET " + kMessages + " HTTP/1.1\r\n\r\n",
      "GET " + kMessages + " HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET /v1/a b HTTP/1.1\r\nHost: r\r\n\r\n",
      "\x16\x03\x01\x02\x01 this is a TLS hello\r\n\r\n",
      "nonsense\r\n\r\n",
  };
  for (const std::string& bytes : broken) refused_and_closed(bytes, 400);
  refused_and_closed("GET / HTTP/2.0\r\nHost: r\r\n\r\n", 505);
  refused_and_closed(post + "Transfer-Encoding: gzip\r\n\r\n", 501);
  refused_and_closed(post + "Expect: miracles\r\nContent-Length: 1\r\n\r\nx", 417);
  refused_and_closed("GET / HTTP/1.1\r\nHost: r\r\nX: " + std::string(70 * 1024, 'x') + "\r\n\r\n", 431);
  stored_nothing();
}

TEST_CASE("A request behind a refused one is not carried out") {
  HttpClient client(stage().port());
  client.send("POST " + kMessages +
              " HTTP/1.1\r\nHost: r\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
              format_request("POST", kMessages, {}, "smuggled"));
  CHECK(client.read_answer().status == 400);
  CHECK(client.read_to_end().empty());
  stored_nothing();
}

TEST_CASE("Requests that dribble get 408 within their timeout; silence just ends") {
  const auto timed = [](const std::string& begin, const std::string& drop) {
    HttpClient client(stage().port());
    client.send(begin);
    const auto began = std::chrono::steady_clock::now();
    std::string got;
    for (int i = 0; i < 100 && got.empty(); ++i) {
      client.send(drop);  // a byte now and then does not help
      try {
        got = client.read_some(milliseconds(50));
      } catch (const std::runtime_error&) {
        continue;  // nothing yet
      }
      break;
    }
    CHECK(std::chrono::steady_clock::now() - began < milliseconds(400 + 100 + 1000));
    return got;
  };
  CHECK(timed("GET " + kMessages + " HTTP/1.1\r\nX: ", "a").find("HTTP/1.1 408 ") == 0);
  CHECK(timed("POST " + kMessages + " HTTP/1.1\r\nHost: r\r\nContent-Length: 900\r\n\r\n", "a")
            .find("HTTP/1.1 408 ") == 0);
  HttpClient silent(stage().port());
  CHECK(silent.read_to_end(milliseconds(2000)).empty());
  stored_nothing();
}

TEST_CASE("WebSocket handshakes that are none") {
  const HeaderList good{{"Connection", "Upgrade"},
                        {"Upgrade", "websocket"},
                        {"Sec-WebSocket-Version", "13"},
                        {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  const auto shake = [&](HeaderList headers, const std::string& method = "GET") {
    HttpClient client(stage().port());
    client.send(format_request(method, "/v1/ws?channel=bad", headers));
    return client.read_answer();
  };
  const auto without = [&](const std::string& name, std::optional<std::string> instead = {}) {
    HeaderList headers;
    for (const auto& [key, value] : good) {
      if (key != name) headers.emplace_back(key, value);
      if (key == name && instead) headers.emplace_back(key, *instead);
    }
    return headers;
  };
  CHECK(shake(without("Upgrade")).status == 426);
  const HttpAnswer version = shake(without("Sec-WebSocket-Version", "8"));
  CHECK(version.status == 426);
  CHECK(version.header("Sec-WebSocket-Version") == "13");
  CHECK(shake(without("Sec-WebSocket-Key")).status == 400);
  CHECK(shake(without("Sec-WebSocket-Key", "short")).status == 400);
  CHECK(shake(without("Connection", "close")).status == 400);
  HeaderList foreign = good;
  foreign.emplace_back("Origin", "https://evil.example");
  refused(shake(foreign), 403, "bad_origin");
  HeaderList ours = good;
  ours.emplace_back("Origin", "https://app.example");
  HttpClient client(stage().port());
  client.send(format_request("GET", "/v1/ws?channel=bad", ours));
  CHECK(client.read_some().find("HTTP/1.1 101 ") == 0);
}

TEST_CASE("WebSocket violations get the close codes of RFC 6455") {
  using Op = relay::wire::WsOpcode;
  struct Violation {
    const char* what;
    std::function<void(Stream&)> commit;
    std::uint16_t code;
  };
  const auto raw = [](std::string bytes) { return [bytes](Stream& ws) { ws.send_bytes(bytes); }; };
  const auto header = [](unsigned first, unsigned second) {
    std::string bytes{static_cast<char>(first), static_cast<char>(second)};
    return bytes + std::string(4, '\0');  // a mask of zeros
  };
  const std::vector<Violation> violations{
      {"not masked", raw(std::string("\x81\x01x")), 1002},
      {"RSV1 without an extension", raw(header(0xC1, 0x80)), 1002},
      {"RSV2", raw(header(0xA1, 0x80)), 1002},
      {"RSV3", raw(header(0x91, 0x80)), 1002},
      {"reserved opcode 3", raw(header(0x83, 0x80)), 1002},
      {"reserved control opcode 11", raw(header(0x8B, 0x80)), 1002},
      {"continuation of nothing", [](Stream& ws) { ws.send_frame(Op::kContinuation, "x"); }, 1002},
      {"a new message inside a fragmented one",
       [](Stream& ws) {
         ws.send_frame(Op::kText, "a", false);
         ws.send_frame(Op::kText, "b");
       },
       1002},
      {"a fragmented ping", [](Stream& ws) { ws.send_frame(Op::kPing, "x", false); }, 1002},
      {"a ping of 126 bytes", [](Stream& ws) { ws.send_frame(Op::kPing, std::string(126, 'p')); }, 1002},
      {"a message that is not UTF-8", [](Stream& ws) { ws.send_frame(Op::kText, "\xff\xfe"); }, 1007},
      {"a character cut by the end", [](Stream& ws) { ws.send_frame(Op::kText, "\xc3"); }, 1007},
      {"bad UTF-8 over two fragments",
       [](Stream& ws) {
         ws.send_frame(Op::kText, "\xe2\x82", false);
         ws.send_frame(Op::kContinuation, "x");
       },
       1007},
      {"too long a message", [](Stream& ws) { ws.send_frame(Op::kText, std::string(2001, 'x')); }, 1009},
      {"too long in fragments",
       [](Stream& ws) {
         ws.send_frame(Op::kText, std::string(1500, 'x'), false);
         ws.send_frame(Op::kContinuation, std::string(1500, 'x'));
       },
       1009},
      {"a length of 2^63", raw(std::string("\x81\xff\x80\0\0\0\0\0\0\0\0\0\0\0", 14)), 1002},
      {"a binary message", [](Stream& ws) { ws.send_frame(Op::kBinary, "x"); }, 1003},
      {"a close code below 1000", [](Stream& ws) { ws.send_frame(Op::kClose, std::string("\x03\xe7", 2)); },
       1002},
      {"the close code 1005", [](Stream& ws) { ws.send_frame(Op::kClose, std::string("\x03\xed", 2)); },
       1002},
      {"the close code 1006", [](Stream& ws) { ws.send_frame(Op::kClose, std::string("\x03\xee", 2)); },
       1002},
      {"the close code 1015", [](Stream& ws) { ws.send_frame(Op::kClose, std::string("\x03\xf7", 2)); },
       1002},
      {"the close code 2999", [](Stream& ws) { ws.send_frame(Op::kClose, std::string("\x0b\xb7", 2)); },
       1002},
      {"half a close code", [](Stream& ws) { ws.send_frame(Op::kClose, "x"); }, 1002},
      {"a close reason that is not UTF-8",
       [](Stream& ws) { ws.send_frame(Op::kClose, std::string("\x03\xe8\xff", 3)); }, 1007},
      {"a proper close",
       [](Stream& ws) {
         ws.send_frame(Op::kClose, std::string("\x03\xe8"
                                               "bye",
                                               5));
       },
       1000},
      {"a close without a code", [](Stream& ws) { ws.send_frame(Op::kClose, ""); }, 1000},
      {"an application's close code",
       [](Stream& ws) { ws.send_frame(Op::kClose, std::string("\x0f\xa0", 2)); }, 4000},
  };
  for (const Violation& violation : violations) {
    INFO(violation.what);
    StreamSet streams;
    Stream& ws = streams.open(stage().port(), Wire::kWsJson, "channel=bad");
    REQUIRE(streams.run_until([&] { return ws.find("subscribed") != nullptr; }));
    violation.commit(ws);
    CHECK(streams.run_until([&] { return ws.ended(); }, std::chrono::seconds(5)));
    CHECK(ws.close_code() == violation.code);
  }
  stored_nothing();
}

TEST_CASE("WebSocket commands that are none are answered, and the socket stays open") {
  StreamSet streams;
  Stream& ws = streams.open(stage().port(), Wire::kWsJson, "");
  REQUIRE(streams.await_live());
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"", "bad_json"},
      {"x", "bad_json"},
      {"[]", "bad_json"},
      {"\"ping\"", "bad_json"},
      {"{}", "unknown_type"},
      {R"({"type":7})", "unknown_type"},
      {R"({"type":"dance","ref":1})", "unknown_type"},
      {R"({"type":"subscribe"})", "bad_channel"},
      {R"({"type":"subscribe","channel":"a b"})", "bad_channel"},
      {R"({"type":"subscribe","channel":"$all"})", "bad_channel"},
      {R"({"type":"subscribe","channel":"bad","after":-1})", "bad_cursor"},
      {R"({"type":"unsubscribe","channel":"bad"})", "not_subscribed"},
      {R"({"type":"publish","channel":"bad"})", "no_data"},
      {R"({"type":"publish","channel":"bad","data":1,"event":1})", "bad_event"},
      {R"({"type":"publish","channel":"bad","data":1,"event":"gap"})", "bad_event"},
      {R"({"type":"publish","channel":"bad","data":1,"exclude":{}})", "bad_exclude"},
      {R"({"type":"publish","channel":"bad","data":")" + std::string(1001, 'x') + "\"}", "too_large"},
      {R"({"type":"broadcast"})", "no_data"},
      {R"({"type":"direct","data":1})", "no_receiver"},
      {R"({"type":"direct","to":"x","data":1})", "no_such_client"},
      {R"({"type":"ping","ref":{}})", "bad_ref"},
      {R"({"type":"ping","ref":")" + std::string(300, 'r') + "\"}", "bad_ref"},
  };
  for (const auto& [text, code] : wrong) {
    INFO(text);
    const std::size_t before = ws.items().size();
    ws.send_text(text);
    REQUIRE(streams.run_until([&] { return ws.items().size() > before; }));
    const Json answer = Json::parse(ws.items().back().data);
    CHECK(answer["type"] == "error");
    CHECK(answer["code"] == code);
  }
  ws.send_text(R"({"type":"ping"})");
  REQUIRE(streams.run_until([&] { return ws.find("pong") != nullptr; }));
  Stream& listener = streams.open(stage().port(), Wire::kWsRaw, "channel=bad");
  REQUIRE(streams.run_until([&] { return listener.live(); }));
  listener.send_text("hello");
  REQUIRE(streams.run_until([&] { return listener.ended(); }));
  CHECK(listener.close_code() == 1003);
  stored_nothing();
}

TEST_CASE("At debug the log tells who came and what was refused, at info it does not") {
  RelaydProcess relayd(Settings{{"log.level", "debug"}});
  CHECK(http_get(relayd.port(), "/no/such/path?secret=1").status == 404);
  CHECK(relayd.process().await_line("event=request.refused", milliseconds(15000)));
  CHECK(relayd.process().await_line("path=/no/such/path peer=127.0.0.1", milliseconds(15000)));
  HttpClient broken(relayd.port());
  broken.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
  CHECK(relayd.process().await_line("more than one Host", milliseconds(15000)));
  {
    StreamSet streams;
    streams.open(relayd.port(), Wire::kSse, "channel=watched");
    REQUIRE(streams.await_live());
    CHECK(relayd.process().await_line("event=client.connected", milliseconds(15000)));
  }
  CHECK(relayd.process().await_line("event=client.gone", milliseconds(15000)));
  CHECK(stage().relayd.process().output().find("event=request.refused") == std::string::npos);
}

TEST_CASE("After all of that relayd lives and has logged nothing at error") {
  CHECK(http_post(stage().port(), "/v1/channels/alive/messages", "x").status == 201);
  CHECK(stage().relayd.process().running());
  CHECK(stage().relayd.errors_logged().empty());
}
