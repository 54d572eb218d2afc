#include "wire/resp.hpp"

#include <hiredis/read.h>

#include <cassert>
#include <new>

#include "base/decimal.hpp"

namespace relay::wire {
namespace {

void append_header(std::string& out, char kind, std::size_t count) {
  out.push_back(kind);
  out.append(Decimal(count).view());
  out.append("\r\n");
}

}  // namespace

RespCommand::RespCommand(std::string& out, std::size_t arguments) : out_(out) {
  append_header(out_, '*', arguments);
}

RespCommand& RespCommand::arg(std::string_view text) {
  append_header(out_, '$', text.size());
  out_.append(text);
  out_.append("\r\n");
  return *this;
}

RespCommand& RespCommand::arg(std::uint64_t number) {
  return arg(Decimal(number).view());
}

void append_command(std::string& out, std::initializer_list<std::string_view> arguments) {
  RespCommand command(out, arguments.size());
  for (const std::string_view argument : arguments) command.arg(argument);
}

std::string_view RespValue::text() const {
  const Node& it = node();
  const bool has_text = is_text() || is_error();
  return has_text ? std::string_view(tree_->arena).substr(it.offset, it.length) : std::string_view();
}

RespValue RespValue::operator[](std::size_t index) const {
  assert(index < size());
  const bool flat = node().end == index_ + 1 + node().length;
  std::uint32_t at = index_ + 1;
  if (flat) return {*tree_, at + static_cast<std::uint32_t>(index)};
  for (; index > 0; --index) at = tree_->nodes[at].end;
  return {*tree_, at};
}

// hiredis calls these in pre-order; an object's handle only has to be something that is not null.
struct RespReader::Hiredis {
  using Node = RespValue::Node;
  using Tree = RespValue::Tree;
  using Type = RespValue::Type;

  static void* add(const redisReadTask* task, Node node) {
    Tree& tree = *static_cast<Tree*>(task->privdata);
    tree.nodes.push_back(node);
    return &tree;
  }
  static void* make_string(const redisReadTask* task, char* text, std::size_t length) {
    Tree& tree = *static_cast<Tree*>(task->privdata);
    Node node;
    node.type = task->type == REDIS_REPLY_ERROR    ? Type::kError
                : task->type == REDIS_REPLY_STATUS ? Type::kStatus
                                                   : Type::kString;
    node.offset = tree.arena.size();
    node.length = length;
    tree.arena.append(text, length);
    return add(task, node);
  }
  template <class Count>  // int in hiredis 0.14, size_t in 1.x
  static void* make_array(const redisReadTask* task, Count count) {
    Node node;
    node.type = Type::kArray;
    node.length = static_cast<std::size_t>(count);
    return add(task, node);
  }
  static void* make_integer(const redisReadTask* task, long long number) {
    Node node;
    node.type = Type::kInteger;
    node.integer = number;
    return add(task, node);
  }
  static void* make_nil(const redisReadTask* task) { return add(task, Node{}); }
  static void release(void*) {}

  // RESP3's own types exist in hiredis 1.x only and are never asked for; one that comes all the same is nil.
  template <class Functions>
  static void add_resp3(Functions& functions) {
    if constexpr (requires { functions.createDouble; }) {
      functions.createDouble = [](const redisReadTask* task, double, char*, std::size_t) {
        return make_nil(task);
      };
      functions.createBool = [](const redisReadTask* task, int) { return make_nil(task); };
    }
  }

  explicit Hiredis(Tree& tree) {
    functions.createString = make_string;
    functions.createArray = make_array;
    functions.createInteger = make_integer;
    functions.createNil = make_nil;
    functions.freeObject = release;
    add_resp3(functions);
    reader.reset(redisReaderCreateWithFunctions(&functions));
    if (!reader) throw std::bad_alloc();
    reader->privdata = &tree;
    reader->maxbuf = 256 * 1024;
  }
  struct Free {
    void operator()(redisReader* it) const { redisReaderFree(it); }
  };

  redisReplyObjectFunctions functions{};
  std::unique_ptr<redisReader, Free> reader;
};

RespReader::RespReader(std::size_t max_buffered)
    : hiredis_(std::make_unique<Hiredis>(tree_)), max_buffered_(max_buffered) {}
RespReader::~RespReader() = default;

Result<bool> RespReader::put(std::string_view slice) {
  redisReader& reader = *hiredis_->reader;
  if (reader.len - reader.pos + tree_.arena.size() > max_buffered_) {
    return make_error(ErrorKind::kUnavailable, "bad_reply", "a reply of Redis is longer than the bound");
  }
  if (redisReaderFeed(&reader, slice.data(), slice.size()) != REDIS_OK) {
    return make_error(ErrorKind::kUnavailable, "bad_reply", reader.errstr);
  }
  return true;
}

namespace {
constexpr std::size_t kKeptArena = std::size_t{1024} * 1024;  // after a larger reply the memory goes back
}

// True: tree_ holds a complete reply. A reply in progress keeps its part of the tree between calls.
Result<bool> RespReader::next() {
  redisReader& reader = *hiredis_->reader;
  auto& nodes = tree_.nodes;
  if (!nodes.empty() && nodes.front().end != 0) {  // the last one was complete: done with
    nodes.clear();
    tree_.arena.clear();
    if (tree_.arena.capacity() > kKeptArena) tree_.arena.shrink_to_fit();
  }
  void* reply = nullptr;
  if (redisReaderGetReply(&reader, &reply) != REDIS_OK) {
    return make_error(ErrorKind::kUnavailable, "bad_reply", reader.errstr);
  }
  if (reply == nullptr) return false;
  for (std::size_t i = nodes.size(); i-- > 0;) {
    std::uint32_t end = static_cast<std::uint32_t>(i) + 1;
    const std::size_t children = nodes[i].type == RespValue::Type::kArray ? nodes[i].length : 0;
    for (std::size_t child = 0; child < children; ++child) {
      if (end >= nodes.size()) return make_error(ErrorKind::kUnavailable, "bad_reply", "not a RESP2 reply");
      end = nodes[end].end;
    }
    nodes[i].end = end;
  }
  if (nodes.empty()) return make_error(ErrorKind::kUnavailable, "bad_reply", "not a RESP2 reply");
  return true;
}

}  // namespace relay::wire
