#include "wire/ws_handshake.hpp"

#include <set>

#include "support/catch.hpp"

namespace relay::wire {

namespace {

constexpr const char* kKey = "dGhlIHNhbXBsZSBub25jZQ==";

HttpRequest request(std::string method, std::vector<std::pair<std::string, std::string>> fields) {
  HttpRequest made;
  made.method = std::move(method);
  made.target = "/";
  for (const auto& [name, value] : fields) made.headers.add(name, value);
  return made;
}

HttpRequest good() {
  return request("GET", {{"Upgrade", "WebSocket"},
                         {"Connection", "keep-alive, Upgrade"},
                         {"Sec-WebSocket-Version", "13"},
                         {"Sec-WebSocket-Key", kKey}});
}

}  // namespace

TEST_CASE("the accept key of the standard's example") {
  CHECK(accept_key(kKey) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("keys are the base64 of sixteen bytes") {
  CHECK(valid_handshake_key(kKey));
  CHECK_FALSE(valid_handshake_key(""));
  CHECK_FALSE(valid_handshake_key("dGhlIHNhbXBsZSBub25jZQ="));
  CHECK_FALSE(valid_handshake_key("dGhlIHNhbXBsZSBub25jZQ==="));
  CHECK_FALSE(valid_handshake_key("dGhlIHNhbXBsZSBub25j===="));
  CHECK_FALSE(valid_handshake_key("dGhlIHNhbXBsZSBub25jZQA="));
  CHECK_FALSE(valid_handshake_key("dGhlIHNhbXBsZSBub25j\nQ=="));
  std::set<std::string> keys;
  for (int i = 0; i < 100; ++i) keys.insert(make_handshake_key());
  CHECK(keys.size() == 100);
  for (const std::string& key : keys) CHECK(valid_handshake_key(key));
}

TEST_CASE("a handshake is told from everything else") {
  CHECK(check_handshake(good()) == WsHandshake::kOk);
  CHECK(check_handshake(request("GET", {{"Connection", "close"}})) == WsHandshake::kNotWebSocket);
  CHECK(check_handshake(request("GET", {{"Upgrade", "h2c"}})) == WsHandshake::kNotWebSocket);

  HttpRequest changed = good();
  changed.method = "POST";
  CHECK(check_handshake(changed) == WsHandshake::kBadRequest);
  changed = good();
  changed.version_minor = 0;
  CHECK(check_handshake(changed) == WsHandshake::kBadRequest);
  changed = good();
  changed.headers.add("Sec-WebSocket-Key", kKey);
  CHECK(check_handshake(changed) == WsHandshake::kBadRequest);
  CHECK(check_handshake(request("GET", {{"Upgrade", "websocket"}, {"Connection", "close"}})) ==
        WsHandshake::kBadRequest);
  CHECK(check_handshake(request("GET", {{"Upgrade", "websocket"},
                                        {"Connection", "Upgrade"},
                                        {"Sec-WebSocket-Version", "13"},
                                        {"Sec-WebSocket-Key", "short"}})) == WsHandshake::kBadRequest);
  CHECK(check_handshake(request("GET", {{"Upgrade", "websocket"},
                                        {"Connection", "Upgrade"},
                                        {"Sec-WebSocket-Version", "8"},
                                        {"Sec-WebSocket-Key", kKey}})) == WsHandshake::kBadVersion);
  CHECK(check_handshake(request("GET", {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}})) ==
        WsHandshake::kBadVersion);
}

TEST_CASE("subprotocols are offered in order, over several fields") {
  const HttpRequest offering = request(
      "GET",
      {{"Sec-WebSocket-Protocol", "a, b"}, {"sec-websocket-protocol", "c"}, {"Sec-WebSocket-Protocol", ","}});
  CHECK(offered_subprotocols(offering) == std::vector<std::string_view>{"a", "b", "c"});
  CHECK(offered_subprotocols(good()).empty());
}

TEST_CASE("the answer switches protocols") {
  std::string out;
  append_handshake_response(out, kKey);
  CHECK(out ==
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  out.clear();
  append_handshake_response(out, kKey, "json");
  CHECK(out.find("\r\nSec-WebSocket-Protocol: json\r\n\r\n") != std::string::npos);
}

}  // namespace relay::wire
