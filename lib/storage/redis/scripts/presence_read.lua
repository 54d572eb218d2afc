-- Who is on a channel, on other instances that live. Names: keyspace.hpp.
--   KEYS  1 subs   2 instances
--   ARGV  1 channel   2 the asking instance   3 ms of silence that make an instance dead   4 prefix of the held keys
--         5 cursor (0 begins)   6 about so many
-- Returns { cursor (0: that was all), all members, then instance, client and value of each }. An entry may come
-- twice if the set changes between two calls.
local call = redis.call
local now = call('TIME')
local dead = now[1] * 1000 + math.floor(now[2] / 1000) - ARGV[3]
local page = call('SSCAN', KEYS[1], ARGV[5], 'COUNT', ARGV[6])
local answer, living = { page[1], call('SCARD', KEYS[1]) }, { [ARGV[2]] = false }
for _, member in ipairs(page[2]) do
  local id, client = string.match(member, '^([^:]*):(.*)$')
  if id and living[id] == nil then
    local beat = call('ZSCORE', KEYS[2], id)
    living[id] = beat and tonumber(beat) > dead or false
  end
  local value = id and living[id] and call('HGET', ARGV[4] .. id, client .. '|' .. ARGV[1])
  if value then
    answer[#answer + 1] = id
    answer[#answer + 1] = client
    answer[#answer + 1] = value
  end
end
return answer
