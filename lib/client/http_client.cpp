#include "client/http_client.hpp"

#include <algorithm>
#include <cassert>

#include "base/bytes.hpp"
#include "wire/http_response.hpp"

namespace relay::client {

namespace {

using wire::HttpResponseParser;

bool is_one_word(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
  });
}

bool has_header(const HeaderList& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return equals_ignore_case(header.first, name); });
}

bool has_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

Error bad_response(std::string_view why) {
  return make_error(ErrorKind::kInternal, "bad_response", std::string(why));
}

Error answer_missing(Error error) {
  if (error.kind == ErrorKind::kUnavailable) error.kind = ErrorKind::kUnknown;
  return error;
}

}  // namespace

std::string format_request(const net::Endpoint& endpoint, std::string_view method, std::string_view target,
                           const HeaderList& headers, std::string_view body) {
  assert(is_one_word(method) && is_one_word(target));
  std::string out;
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  if (!has_header(headers, "Host")) wire::append_header(out, "Host", host_field(endpoint));
  for (const auto& [name, value] : headers) wire::append_header(out, name, value);
  const bool framed = has_header(headers, "Content-Length") || has_header(headers, "Transfer-Encoding");
  if (!framed && (!body.empty() || has_body(method))) {
    wire::append_header(out, "Content-Length", std::to_string(body.size()));
  }
  return out.append("\r\n").append(body);
}

Result<HttpClient> HttpClient::connect(net::Endpoint endpoint, Milliseconds timeout) {
  Result<Socket> socket = Socket::connect(endpoint, deadline_in(timeout));
  if (!socket) return socket.error();
  return HttpClient(std::move(endpoint), timeout, std::move(*socket));
}

Result<HttpReply> HttpClient::request(std::string_view method, std::string_view target,
                                      const HeaderList& headers, std::string_view body) {
  if (!is_one_word(method) || !is_one_word(target)) {
    return make_error(ErrorKind::kInvalid, "bad_request", "a method or target with white space or controls");
  }
  if (!open() || !reusable_ || ended_while_idle()) {
    Result<HttpClient> fresh = connect(endpoint_, timeout_);
    if (!fresh) return fresh.error();
    *this = std::move(*fresh);
  }
  if (Result<void> sent = send_raw(format_request(endpoint_, method, target, headers, body)); !sent) {
    return answer_missing(sent.error());
  }
  Result<HttpReply> reply = read_reply(method == "HEAD");
  if (!reply) return answer_missing(reply.error());
  return reply;
}

// Nothing is due on an idle connection: an end or stray bytes both make it useless.
bool HttpClient::ended_while_idle() {
  std::string stray;
  const Result<bool> got = socket_.receive(stray, deadline_in(Milliseconds(0)));
  return got || got.error().code != "timeout" || !rest_.empty();
}

Result<void> HttpClient::send_raw(std::string_view bytes) {
  return socket_.send(bytes, deadline_in(timeout_));
}

Result<HttpReply> HttpClient::read_reply(bool head_only) {
  const SteadyTime deadline = deadline_in(timeout_);
  HttpResponseParser parser(64 * 1024, head_only);
  HttpReply reply;
  while (true) {
    rest_.erase(0, parser.feed(rest_, reply.body));
    if (parser.state() != HttpResponseParser::State::kNeedMore) break;
    const Result<bool> more = socket_.receive(rest_, deadline);
    if (!more) return more.error();
    if (*more) continue;
    parser.feed_end();
    close();
    if (parser.state() == HttpResponseParser::State::kFailed) {
      return make_error(ErrorKind::kUnavailable, "connection_lost", std::string(parser.error_message()));
    }
  }
  if (parser.state() == HttpResponseParser::State::kFailed) return bad_response(parser.error_message());
  reply.status = parser.status();
  reply.headers = parser.headers();
  reply.keep_alive = parser.keep_alive();
  reusable_ = reply.keep_alive;
  return reply;
}

Result<std::string> HttpClient::read_to_end() {
  const SteadyTime deadline = deadline_in(timeout_);
  std::string bytes = std::exchange(rest_, {});
  while (open()) {
    const Result<bool> more = socket_.receive(bytes, deadline);
    if (!more) return more.error();
    if (!*more) close();
  }
  return bytes;
}

void HttpClient::close() {
  socket_.close();
}

Result<HttpReply> http_request(const Url& url, std::string_view method, const HeaderList& headers,
                               std::string_view body, Milliseconds timeout) {
  Result<HttpClient> client = HttpClient::connect(url.endpoint, timeout);
  if (!client) return client.error();
  return client->request(method, url.target, headers, body);
}

}  // namespace relay::client
