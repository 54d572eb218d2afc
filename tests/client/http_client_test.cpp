#include "client/http_client.hpp"

#include <unistd.h>

#include <filesystem>

#include "client/small_server.hpp"
#include "support/catch.hpp"
#include "wire/http_response.hpp"

namespace relay::client {

namespace {

// Answers each request with its method, target and body; "/close" ends the connection after the answer,
// "/drop" without one, "/half" inside one, "/silent" never answers.
void echo(Socket& socket) {
  std::string rest;
  while (true) {
    const wire::HttpRequest request = read_request(socket, rest);
    if (request.method.empty() || request.target == "/drop") return;
    if (request.target == "/half") return send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    if (request.target == "/silent") return wait_for_end(socket);
    if (request.target == "/noise") return send(socket, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
    wire::HttpResponse response;
    response.content_type = "text/plain";
    response.body = request.method + " " + request.target + " {" + request.body + "}";
    response.headers.emplace_back("X-Host", std::string(request.header("Host").value_or("")));
    response.headers.emplace_back("X-A", std::string(request.header("X-A").value_or("")));
    const bool keep = request.target != "/close";
    std::string out;
    wire::append_response(out, response, keep, request.method == "HEAD", request.version_minor);
    send(socket, out);
    if (!keep) return;
  }
}

HttpClient connected(const SmallServer& server, Milliseconds timeout = Milliseconds(5000)) {
  Result<HttpClient> client = HttpClient::connect(server.endpoint(), timeout);
  REQUIRE(client.has_value());
  return std::move(*client);
}

}  // namespace

TEST_CASE("exchanges share a connection") {
  SmallServer server(echo);
  HttpClient client = connected(server);
  const Result<HttpReply> first = client.request("POST", "/a?b", {{"X-A", "1"}}, "body");
  REQUIRE(first.has_value());
  CHECK(first->status == 200);
  CHECK(first->body == "POST /a?b {body}");
  CHECK(first->headers.find("x-a") == "1");
  CHECK(first->headers.find("X-Host") == server.endpoint().text());
  CHECK(first->keep_alive);
  CHECK(client.request("GET", "/2")->body == "GET /2 {}");
  CHECK(client.request("HEAD", "/3")->body.empty());
  CHECK(client.request("GET", "/4")->body == "GET /4 {}");
  CHECK(server.connections() == 1);
}

TEST_CASE("a connection that the server ended is made again") {
  SmallServer server(echo);
  HttpClient client = connected(server);
  CHECK_FALSE(client.request("GET", "/close")->keep_alive);
  CHECK(client.request("GET", "/again")->body == "GET /again {}");
  CHECK(server.connections() == 2);
}

TEST_CASE("an answer that does not come is unknown, not undone") {
  SmallServer server(echo);
  const auto failure = [&](std::string_view target) {
    HttpClient client = connected(server, Milliseconds(100));
    return client.request("POST", target, {}, "x").error();
  };
  CHECK(failure("/drop").kind == ErrorKind::kUnknown);
  CHECK(failure("/drop").code == "connection_lost");
  CHECK(failure("/half").code == "connection_lost");
  CHECK(failure("/silent").code == "timeout");
  CHECK(failure("/silent").kind == ErrorKind::kUnknown);
  CHECK(failure("/noise").code == "bad_response");
}

TEST_CASE("raw bytes in, raw bytes out") {
  SmallServer server(echo);
  HttpClient client = connected(server);
  CHECK(client.send_raw("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHo").has_value());
  CHECK(client.read_reply()->body == "GET /1 {}");
  CHECK(client.send_raw("st: x\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\n\r\n").has_value());
  CHECK(client.read_reply()->body == "GET /2 {}");
  client.shut_down_writing();
  const Result<std::string> rest = client.read_to_end();
  REQUIRE(rest.has_value());
  CHECK(rest->find("GET /3 {}") != std::string::npos);
  CHECK_FALSE(client.open());
}

TEST_CASE("a Unix socket is as good") {
  const std::string path =
      std::filesystem::temp_directory_path() / ("relay-http-client-" + std::to_string(getpid()));
  {
    SmallServer server(echo, path);
    HttpClient client = connected(server);
    const Result<HttpReply> reply = client.request("GET", "/unix");
    CHECK(reply->body == "GET /unix {}");
    CHECK(reply->headers.find("X-Host") == "localhost");
  }
  std::filesystem::remove(path);
}

TEST_CASE("a target cannot split the request") {
  SmallServer server(echo);
  HttpClient client = connected(server);
  for (std::string_view target : {"", "/a b", "/a\r\nX: y", "/\x7f"}) {
    CHECK(client.request("GET", target).error().code == "bad_request");
  }
  CHECK(client.request("GET\r\n", "/").error().code == "bad_request");
  CHECK(client.request("GET", "/whole")->body == "GET /whole {}");
}

TEST_CASE("one exchange on a connection of its own") {
  SmallServer server(echo);
  CHECK(http_request(server.url("/once"), "PUT", {}, "x")->body == "PUT /once {x}");
}

TEST_CASE("requests are framed once and cannot be split") {
  const net::Endpoint endpoint = Url::parse("http://h:1/")->endpoint;
  CHECK(format_request(endpoint, "GET", "/") == "GET / HTTP/1.1\r\nHost: h:1\r\n\r\n");
  CHECK(format_request(endpoint, "POST", "/") == "POST / HTTP/1.1\r\nHost: h:1\r\nContent-Length: 0\r\n\r\n");
  CHECK(format_request(endpoint, "POST", "/", {{"content-length", "1"}, {"host", "y"}}, "ab") ==
        "POST / HTTP/1.1\r\ncontent-length: 1\r\nhost: y\r\n\r\nab");
  CHECK(format_request(endpoint, "GET", "/", {{"X", "a\r\nY: b"}}) ==
        "GET / HTTP/1.1\r\nHost: h:1\r\nX: a  Y: b\r\n\r\n");
}

}  // namespace relay::client
