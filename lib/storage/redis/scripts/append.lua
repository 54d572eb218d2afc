-- Stores and announces one message in one atomic step. Names and layouts: keyspace.hpp, record.hpp.
--   KEYS  1 seq   2 epoch   [3 log   4 bytes   5 last   [6 idempotency key]]
-- On Redis Cluster SPUBLISH stands for PUBLISH (append_script.cpp).
--   ARGV  1 topic   2 record without its id
--         [3 ms to keep the log, 0: ephemeral   4 most messages   5 elements at which to trim
--          6 most bytes, 0: cannot be reached   7 ms to remember the last id
--          [8 ms to remember the key   9 digest of the data]]
-- Returns the id; or -id: the key is known with this digest, nothing was done; or 0: with another digest.
-- An error means that nothing is stored and nothing announced.
local call = redis.call

local idem = KEYS[6]
if idem then
  local known = call('GET', idem)
  if known then
    local first, digest = string.match(known, '^(%d+) (.*)$')
    if digest ~= ARGV[9] then return 0 end
    -- A write, so that WAIT behind it asks the replicas for what was written the first time.
    call('PEXPIRE', idem, ARGV[8])
    return -tonumber(first)
  end
end

-- id = max(now_ms << 11, last + 1); doubles are exact below 2^53. Under load INCR alone is the answer.
local now = call('TIME')
local by_time = (now[1] * 1000 + math.floor(now[2] / 1000)) * 2048
local id = call('INCR', KEYS[1])
local is_new_life = id == 1
if id < by_time then
  call('INCRBY', KEYS[1], by_time - id)
  id = by_time
end
local text = string.format('%.0f', id)
if is_new_life then call('SET', KEYS[2], text) end

local record = text .. ARGV[2]
local keep = tonumber(ARGV[3] or 0)
local log = KEYS[3]
if keep > 0 then
  call('ZADD', log, text, record)
  call('PEXPIRE', log, keep)
end

local heard = redis.pcall('PUBLISH', ARGV[1], record)
if type(heard) == 'table' then
  if keep > 0 then call('ZREM', log, record) end
  return heard
end
if idem then call('SET', idem, text .. ' ' .. ARGV[9], 'PX', ARGV[8]) end
if keep == 0 then return id end

-- Trimming, amortised. `gone` counts elements from the lowest, the marker among them.
local count = call('ZCARD', log)
if count == 1 then
  -- A log that begins anew remembers where an expired one ended.
  local before = call('GET', KEYS[5])
  if before then call('ZADD', log, before, '!' .. before) end
end
call('SET', KEYS[5], text, 'PX', ARGV[7])
local gone, max_bytes = 0, tonumber(ARGV[6])
if count > tonumber(ARGV[5]) then gone = count - tonumber(ARGV[4]) end
if count % 16 == 0 or gone > 0 then
  local kept_from = by_time - (keep - 60000 - 1) * 2048
  local expired = call('ZCOUNT', log, '-inf', '(' .. string.format('%.0f', kept_from))
  if expired > gone then gone = expired end
end
if max_bytes > 0 then
  -- A log that begins here begins a new count, whatever is left of an old one.
  local bytes = #record
  if count == 1 then call('SET', KEYS[4], bytes) else bytes = call('INCRBY', KEYS[4], bytes) end
  local freed, at = 0, 0
  while at < count - 1 and (at < gone or bytes - freed > max_bytes) do
    local member = call('ZRANGE', log, at, at)[1]
    if string.byte(member) ~= 33 then freed = freed + #member end
    at = at + 1
  end
  gone = at
  if freed > 0 then call('DECRBY', KEYS[4], freed) end
  call('PEXPIRE', KEYS[4], keep)
end
if gone > 0 then
  local last = call('ZRANGE', log, gone - 1, gone - 1)[1]
  if string.byte(last) ~= 33 then
    local edge = string.match(last, '^%d+')
    call('ZREMRANGEBYRANK', log, 0, gone - 1)
    call('ZADD', log, edge, '!' .. edge)
  end
end
return id
