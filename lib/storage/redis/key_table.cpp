#include "storage/redis/key_table.hpp"

namespace relay::redis {
namespace {

// The literal part of a row's name behind "P:".
std::string_view head_of(const KeyRow& row) {
  return row.name.substr(2, row.name.find('<') - 2);
}

// What follows the prefix and, if there is one, the hash tag.
std::string_view behind_prefix(std::string_view key, std::string_view prefix) {
  if (!key.starts_with(prefix) || key.size() <= prefix.size() || key[prefix.size()] != ':') return {};
  key.remove_prefix(prefix.size() + 1);
  if (!key.starts_with('{')) return key;
  const auto close = key.find("}:");
  return close == key.npos ? std::string_view() : key.substr(close + 2);
}

}  // namespace

std::string_view name_of(KeyType type) {
  switch (type) {
    case KeyType::kString:
      return "string";
    case KeyType::kHash:
      return "hash";
    case KeyType::kSet:
      return "set";
    case KeyType::kSortedSet:
      return "zset";
    case KeyType::kTopic:
      break;
  }
  return "topic";
}

const KeyRow* row_of(std::string_view key, std::string_view prefix) {
  const std::string_view name = behind_prefix(key, prefix);
  for (const KeyRow& row : kKeyRows) {
    if (row.type == KeyType::kTopic || name.empty()) continue;
    const std::string_view head = head_of(row);
    const bool is_whole = row.name.find('<') == row.name.npos;
    if (is_whole ? name == head : name.size() > head.size() && name.starts_with(head)) return &row;
  }
  return nullptr;
}

}  // namespace relay::redis
