-- Makes true what stands beside the messages of a log: marker, last, bytes, expiries. Names and layouts: keyspace.hpp,
-- record.hpp.
--   KEYS  1 log   2 bytes   3 last
--   ARGV  1 ms to keep the log   2 ms to remember last
--         [3 up to this id every message is known: in the log, or at or below   4 the highest id that is gone, 0 if none
--          5 the highest id that ever was in the log]
-- Returns the names of what was wrong.
local call = redis.call
local log = KEYS[1]
local known_through, gone, newest = tonumber(ARGV[3] or 0), tonumber(ARGV[4] or 0), tonumber(ARGV[5] or 0)
local mended = {}
local function text_of(id) return string.format('%.0f', id) end

-- Markers become one, for the highest of them says it for all. A tombstone tells its own id only.
local count = call('ZCARD', log)
local markers, stale, bytes, highest, lost = {}, {}, 0, 0, gone
for at = 0, count - 1, 500 do
  local some = call('ZRANGE', log, at, at + 499, 'WITHSCORES')
  for i = 1, #some, 2 do
    local element, id = some[i], tonumber(some[i + 1])
    if string.byte(element) == 33 then
      markers[#markers + 1] = { element, id, at + (i - 1) / 2 }
      if id > known_through and id > lost then lost = id end
    elseif id <= known_through and string.match(element, '^%d+ 0 ') then
      stale[#stale + 1] = element
    else
      bytes = bytes + #element
      if id > highest then highest = id end
    end
  end
end
for _, element in ipairs(stale) do call('ZREM', log, element) end
local marker = markers[1]
local right = #markers == 1 and marker[2] == lost and marker[3] == 0 or #markers == 0 and lost == 0
if not right then
  for _, one in ipairs(markers) do call('ZREM', log, one[1]) end
  local lower = call('ZCOUNT', log, '-inf', text_of(lost))
  if lost > 0 and lower == 0 then call('ZADD', log, text_of(lost), '!' .. text_of(lost)) end
  -- Not the lowest: a tombstone says the same from where it stands. A message keeps its place.
  local at = lower > 0 and lost or 0
  while at > 0 do
    local there = call('ZRANGEBYSCORE', log, text_of(at), text_of(at), 'LIMIT', 0, 1)[1]
    if there and string.match(there, '^%d+ 0 ') then break end
    if not there then
      local tombstone = text_of(at) .. ' 0 0 0 0 0 0\n'
      call('ZADD', log, text_of(at), tombstone)
      bytes = bytes + #tombstone
      highest = math.max(highest, at)
      break
    end
    at = at - 1
  end
  mended[#mended + 1] = 'marker'
end

local has_log = call('EXISTS', log) == 1
if has_log and call('PTTL', log) < 0 then
  call('PEXPIRE', log, ARGV[1])
  mended[#mended + 1] = 'log_expiry'
end
local last = tonumber(call('GET', KEYS[3]) or 0)
local wanted = math.max(highest, newest)
if wanted > last then
  call('SET', KEYS[3], text_of(wanted), 'PX', ARGV[2])
  mended[#mended + 1] = 'last'
elseif call('PTTL', KEYS[3]) == -1 then
  call('PEXPIRE', KEYS[3], ARGV[2])
  mended[#mended + 1] = 'last_expiry'
end
local counted = call('GET', KEYS[2])
if counted and not has_log then
  call('DEL', KEYS[2])
  mended[#mended + 1] = 'bytes'
elseif counted then
  if tonumber(counted) ~= bytes then
    call('SET', KEYS[2], bytes, 'KEEPTTL')
    mended[#mended + 1] = 'bytes'
  end
  if call('PTTL', KEYS[2]) < 0 then
    call('PEXPIRE', KEYS[2], ARGV[1])
    mended[#mended + 1] = 'bytes_expiry'
  end
end
return mended
