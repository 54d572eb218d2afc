-- Puts one element of a log in the place of another. Names and layouts: keyspace.hpp, record.hpp.
--   KEYS  1 log   2 bytes
--   ARGV  1 the element   [2 what takes its place   3 the score of that]
-- Returns 1; or 0: the element is not there (any more), nothing was done.
local call = redis.call
local log, old, new = KEYS[1], ARGV[1], ARGV[2]
if not call('ZSCORE', log, old) then return 0 end
if new then call('ZADD', log, ARGV[3], new) end
if new ~= old then call('ZREM', log, old) end
local function size(element)
  if not element or string.byte(element) == 33 then return 0 end
  return #element
end
if call('EXISTS', KEYS[2]) == 1 then call('INCRBY', KEYS[2], size(new) - size(old)) end
return 1
