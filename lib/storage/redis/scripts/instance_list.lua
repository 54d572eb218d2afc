-- The instances of one partition, the longest silent first. Names: keyspace.hpp.
--   KEYS  1 instances
--   ARGV  1 at most so many   2 least silence in ms   3 prefix of the held keys   [4 prefix of the instances' hashes]
-- Returns of each { id, last beat, silence, presence entries held here, fields and values of its hash }.
local call = redis.call
local now = call('TIME')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
local most = string.format('%.0f', now_ms - ARGV[2])
local found = call('ZRANGEBYSCORE', KEYS[1], '-inf', most, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
local answer = {}
for at = 1, #found, 2 do
  local id, beat = found[at], found[at + 1]
  local held = call('HLEN', ARGV[3] .. id) - call('HEXISTS', ARGV[3] .. id, '@')
  local fields = ARGV[4] and call('HGETALL', ARGV[4] .. id) or {}
  answer[#answer + 1] = { id, beat, string.format('%.0f', now_ms - beat), held, fields }
end
return answer
