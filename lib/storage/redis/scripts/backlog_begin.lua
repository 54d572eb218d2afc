-- Begins the life of an empty partition where another store's went on, or moves its newest id up.
--   KEYS  1 seq   2 epoch
--   ARGV  1 epoch for an empty partition   2 least newest id
-- Returns { epoch, newest id, 1 if it was empty }.
local call = redis.call
local last, epoch = call('GET', KEYS[1]), call('GET', KEYS[2])
local empty = not last or not epoch
if empty then
  epoch = ARGV[1]
  call('SET', KEYS[2], epoch)
end
if not last or tonumber(last) < tonumber(ARGV[2]) then
  last = ARGV[2]
  call('SET', KEYS[1], last)
end
return { epoch, last, empty and 1 or 0 }
