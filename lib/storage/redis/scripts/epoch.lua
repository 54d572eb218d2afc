-- Sees to it that the data has an epoch and that the epoch is true.
--   KEYS  1 seq   2 epoch
--   ARGV  1 the highest id that the caller has ever seen, 0 if none
-- Returns { epoch, last id }. If the store has forgotten ids that were given (emptied, restored from an older
-- copy, failed over without its last writes), a new life begins above all of them.
local epoch = redis.call('GET', KEYS[2])
local last = tonumber(redis.call('GET', KEYS[1]) or 0)
local seen = tonumber(ARGV[1])
if epoch and last > 0 and last >= seen then return { epoch, string.format('%.0f', last) } end

local now = redis.call('TIME')
local id = (now[1] * 1000 + math.floor(now[2] / 1000)) * 2048
id = math.max(id, last + 1, seen + 1)
local text = string.format('%.0f', id)
redis.call('SET', KEYS[1], text)
redis.call('SET', KEYS[2], text)
return { text, text }
