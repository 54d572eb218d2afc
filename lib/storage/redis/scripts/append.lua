-- Stores and announces messages in one atomic step. Names and layouts: keyspace.hpp, record.hpp.
--   KEYS  1 seq   2 epoch   then of each group   [log   last   [bytes]]   [idempotency key]
--   ARGV  1 number of messages   then of each group
--         '': ephemeral;  '=': kept as the group before;  or
--           ms to keep the log   most messages   elements at which to trim   most bytes, 0: cannot be reached
--           ms to remember the last id   ms in which expiries are renewed once
--         topic   number of messages, 0: one with an idempotency key
--         [ms to remember the key   digest of the data]   each record without its id
-- A group is messages of one channel in their order; `bytes` is a key only where they are counted. On Redis Cluster
-- SPUBLISH stands for PUBLISH (append_script.cpp).
-- Returns { the first message's id, ... }: the others have the ids behind it, except for what follows in pairs: the
-- number of a message, from 0, and
--   -id: its key is known with this digest, nothing was done;  0: its key is known with another one;
--   or a text: the error for which it is neither stored nor announced.
-- An error instead of all that: none is stored or announced.
--
-- One step for many messages: a script alone costs Redis as much as three or four calls from within it, so a batch
-- shares it, TIME and INCRBY; a group shares all but PUBLISH (bench_redis_publish has the figures).
local call, pcall, format = redis.call, redis.pcall, string.format
local keys, argv = KEYS, ARGV
local k, a = 3, 2  -- the next of each
-- '%d' is the faster, and exact where a long has 64 bits.
local kId = format('%d', 2 ^ 52) == '4503599627370496' and '%d' or '%.0f'

-- first = max(now_ms << 11, last + 1); doubles are exact below 2^53. Under load one INCRBY is the answer.
local now = call('TIME')
local by_time = (now[1] * 1000 + math.floor(now[2] / 1000)) * 2048
local first = call('INCRBY', keys[1], argv[1]) - argv[1] + 1
local is_new_life = first == 1
if first < by_time then
  call('INCRBY', keys[1], by_time - first)
  first = by_time
end
if is_new_life then call('SET', keys[2], format(kId, first)) end

local id, answer = first, { first }  -- of the group's first message
local function except(number, value)
  answer[#answer + 1] = id - first + number
  answer[#answer + 1] = value
end

-- Whether the message needs no more: its key is known.
local function is_repeated(key, ttl, digest)
  local known = pcall('GET', key)
  if not known then return false end
  if type(known) == 'table' then
    except(0, known.err)
    return true
  end
  local first_time, its_digest = string.match(known, '^(%d+) (.*)$')
  if its_digest == digest then
    -- A write, so that WAIT behind it asks the replicas for what was written the first time.
    call('PEXPIRE', key, ttl)
    except(0, -tonumber(first_time))
  else
    except(0, 0)
  end
  return true
end

-- The group as ZADD wants it: score, record, score, record.
local elements = {}
local function make_elements(count)
  for i = 1, count do
    local text = format(kId, id + i - 1)
    elements[2 * i - 1] = text
    elements[2 * i] = text .. argv[a + i - 1]
  end
end

-- Returns how many were announced, their bytes, and the last one's id.
local function announce(topic, count, log)
  local announced, bytes, newest = 0, 0, nil
  for i = 2, 2 * count, 2 do
    local heard = pcall('PUBLISH', topic, elements[i])
    if type(heard) == 'number' then
      announced, bytes, newest = announced + 1, bytes + #elements[i], elements[i - 1]
    else
      if log then call('ZREM', log, elements[i]) end
      except(i / 2 - 1, heard.err)
    end
  end
  return announced, bytes, newest
end

local keep, most, trim_at, most_bytes, remember, renewal

-- Returns how many elements go with what is too much in bytes, `gone` at least.
local function count_bytes(log, key, gone, count, added, begins)
  -- A log that begins here begins a new count, whatever is left of an old one.
  local bytes = begins and added or pcall('INCRBY', key, added)
  if type(bytes) == 'table' or bytes == added then
    call('SET', key, added, 'PX', keep)
    bytes = added
  end
  local freed, at = 0, 0
  while at < count - 1 and (at < gone or bytes - freed > most_bytes) do
    local member = call('ZRANGE', log, at, at)[1]
    if string.byte(member) ~= 33 then freed = freed + #member end
    at = at + 1
  end
  if freed > 0 then call('DECRBY', key, freed) end
  return at
end

-- Amortised. `gone` counts elements from the lowest, the marker among them.
local function trim(log, bytes_key, count, announced, bytes)
  local gone = count > trim_at and count - most or 0
  if count % 16 < announced or gone > 0 then
    local kept_from = by_time - (keep - 60000 - 1) * 2048
    gone = math.max(gone, call('ZCOUNT', log, '-inf', '(' .. format(kId, kept_from)))
  end
  if bytes_key then gone = count_bytes(log, bytes_key, gone, count, bytes, count == announced) end
  if gone == 0 then return end
  local last = call('ZRANGE', log, gone - 1, gone - 1)[1]
  if string.byte(last) ~= 33 then
    local edge = string.match(last, '^%d+')
    call('ZREMRANGEBYRANK', log, 0, gone - 1)
    call('ZADD', log, edge, '!' .. edge)
  end
end

-- What stands beside the messages of a log. Expiries are renewed once in each span of `renewal`: the last id tells
-- when that was, unless ids run ahead of the clock, which was set back then.
local function settle(log, last_key, bytes_key, announced, bytes, newest)
  local count = call('ZCARD', log)
  local before = pcall('SET', last_key, newest, 'KEEPTTL', 'GET')
  if type(before) == 'table' then call('SET', last_key, newest) end
  local last = tonumber(type(before) == 'string' and before or '')
  local begins = count == announced
  if begins or not last or last < by_time - by_time % renewal or last > by_time + 2048000 then
    call('PEXPIRE', log, keep)
    call('PEXPIRE', last_key, remember)
    if bytes_key then call('PEXPIRE', bytes_key, keep) end
    -- A log that begins anew remembers where an expired one ended.
    if begins and last then call('ZADD', log, before, '!' .. before) end
  end
  if bytes_key or count > trim_at or count % 16 < announced then trim(log, bytes_key, count, announced, bytes) end
end

local function store(topic, count, log, last_key, bytes_key)
  make_elements(count)
  local added = log and pcall('ZADD', log, unpack(elements, 1, 2 * count))
  if type(added) == 'table' then
    for i = 0, count - 1 do except(i, added.err) end
    return nil
  end
  local announced, bytes, newest = announce(topic, count, log)
  if log and newest then settle(log, last_key, bytes_key, announced, bytes, newest) end
  return newest
end

while argv[a] do
  if argv[a] == '' then
    keep = nil
  elseif argv[a] ~= '=' then
    keep, most, trim_at, most_bytes = argv[a] + 0, argv[a + 1] + 0, argv[a + 2] + 0, argv[a + 3] + 0
    remember, renewal = argv[a + 4], argv[a + 5] * 2048
    a = a + 5
  end
  local topic, count = argv[a + 1], argv[a + 2] + 0
  a = a + 3
  local log, last_key, bytes_key
  if keep then
    log, last_key = keys[k], keys[k + 1]
    k = k + 2
    if most_bytes > 0 then
      bytes_key = keys[k]
      k = k + 1
    end
  end
  if count > 0 then
    store(topic, count, log, last_key, bytes_key)
  else
    local key, ttl, digest = keys[k], argv[a], argv[a + 1]
    k, a, count = k + 1, a + 2, 1
    if not is_repeated(key, ttl, digest) then
      local text = store(topic, 1, log, last_key, bytes_key)
      if text then call('SET', key, text .. ' ' .. digest, 'PX', ttl) end
    end
  end
  a = a + count
  id = id + count
end
return answer
