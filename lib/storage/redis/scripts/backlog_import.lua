-- Stores one message with the id it has elsewhere. Names and layouts: keyspace.hpp, record.hpp.
--   KEYS  1 seq   2 epoch   3 log   4 bytes   5 last
--   ARGV  1 topic   2 record   3 its id   4 ms to keep the log   5 ms to remember last   6 '1': bytes are counted
--         7 'PUBLISH' or 'SPUBLISH'
-- Returns 2: stored and announced, its id is above all; 1: stored behind the newest id, for readers who are not there
-- yet; 0: it is there; -1: it is older than the epoch; -2: the log has another message of this id.
-- REQUIRES: the store has an epoch.
local call = redis.call
local log, record, text = KEYS[3], ARGV[2], ARGV[3]
local id = tonumber(text)
local tombstone
for _, element in ipairs(call('ZRANGEBYSCORE', log, text, text)) do
  if element == record then return 0 end
  if string.match(element, '^%d+ 0 ') then
    tombstone = element
  elseif string.byte(element) ~= 33 then
    return -2
  end
end
if id < tonumber(call('GET', KEYS[2])) then return -1 end

local bytes = #record
if tombstone then
  call('ZREM', log, tombstone)
  bytes = bytes - #tombstone
end
local begins = call('EXISTS', log) == 0
call('ZADD', log, text, record)
call('PEXPIRE', log, ARGV[4])

-- A log that begins anew remembers where an earlier one ended: by a marker, or by a tombstone behind the message.
local last = tonumber(call('GET', KEYS[5]) or 0)
if begins and last > 0 and last < id then
  call('ZADD', log, string.format('%.0f', last), '!' .. string.format('%.0f', last))
elseif begins and last > id then
  local stone = string.format('%.0f', last) .. ' 0 0 0 0 0 0\n'
  call('ZADD', log, string.format('%.0f', last), stone)
  bytes = bytes + #stone
end
if id > last then
  call('SET', KEYS[5], text, 'PX', ARGV[5])
else
  call('PEXPIRE', KEYS[5], ARGV[5])
end
if begins then
  if ARGV[6] == '1' then call('SET', KEYS[4], bytes) else call('DEL', KEYS[4]) end
elseif call('EXISTS', KEYS[4]) == 1 then
  call('INCRBY', KEYS[4], bytes)
end
call('PEXPIRE', KEYS[4], ARGV[4])

if id <= tonumber(call('GET', KEYS[1]) or 0) then return 1 end
call('SET', KEYS[1], text)
call(ARGV[7], ARGV[1], record)
return 2
