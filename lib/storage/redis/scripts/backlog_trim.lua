-- Takes the oldest elements of a channel's log off, so many a call. Names and layouts: keyspace.hpp, record.hpp.
--   KEYS  1 log   2 bytes   3 last
--   ARGV  1 most elements that may stay   2 lowest id that may stay   3 most elements to remove   4 ms to remember last
-- Returns { messages removed, 1 if there is no more to do }. What went is remembered in the marker; a log of which
-- nothing is left goes as a whole, and last tells the same.
local call = redis.call
local log = KEYS[1]
local count = call('ZCARD', log)
if count == 0 then return { 0, 1 } end
local marked = string.byte(call('ZRANGE', log, 0, 0)[1]) == 33 and 1 or 0
local over = count - marked - tonumber(ARGV[1])
local old = call('ZCOUNT', log, '-inf', '(' .. ARGV[2]) - marked
if old > over then over = old end
if over <= 0 and count > marked then return { 0, 1 } end

local step = math.max(0, math.min(over, tonumber(ARGV[3])))
local elements = call('ZRANGE', log, 0, marked + step - 1, 'WITHSCORES')
local removed, freed = 0, 0
for at = 1, #elements, 2 do
  local element = elements[at]
  if string.byte(element) ~= 33 then
    freed = freed + #element
    if not string.match(element, '^%d+ 0 ') then removed = removed + 1 end
  end
end
local edge = string.match(elements[#elements], '^%d+') or '0'
call('ZREMRANGEBYRANK', log, 0, marked + step - 1)
if marked + step == count then
  local last = call('GET', KEYS[3])
  if not last or tonumber(last) < tonumber(edge) then call('SET', KEYS[3], edge, 'PX', ARGV[4]) end
  call('DEL', KEYS[2])
  return { removed, 1 }
end
call('ZADD', log, edge, '!' .. edge)
if call('EXISTS', KEYS[2]) == 1 then call('DECRBY', KEYS[2], freed) end
return { removed, step == over and 1 or 0 }
