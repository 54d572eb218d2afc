-- Removes some of what an instance put into one partition. Names: keyspace.hpp.
--   KEYS  1 instances   2 held   [3 instance]
--   ARGV  1 instance id   2 'dead', 'wipe' or 'retire'   3 'dead': ms of silence; else the caller's token
--         4 at most so many   5 prefix of the subs keys   6 'NUMSUB' or 'SHARDNUMSUB'   7 prefix of presence topics
-- 'dead' is for others: each step looks again whether the instance is silent still. 'wipe' and 'retire' are for
-- itself, while its token stands. All but 'wipe' take the instance out of the list when nothing is left.
-- Returns { -1 } if the instance may not be purged, else { removed, 1 if nothing is left,
-- field and value of each removed entry whose channel has listeners for joins and leaves }.
local call = redis.call
local id, mode, held = ARGV[1], ARGV[2], KEYS[2]
if mode == 'dead' then
  local beat = call('ZSCORE', KEYS[1], id)
  local now = call('TIME')
  if beat and now[1] * 1000 + math.floor(now[2] / 1000) - beat < tonumber(ARGV[3]) then return { -1 } end
  call('HDEL', held, '@')  -- an instance that lives again sees by this what happened
elseif call('HGET', held, '@') ~= ARGV[3] then
  return { -1 }
end

local answer, removed = { 0, 0 }, 0
local entries = call('HRANDFIELD', held, tonumber(ARGV[4]), 'WITHVALUES')
for at = 1, #entries, 2 do
  local field, value = entries[at], entries[at + 1]
  local client, channel = string.match(field, '^([^|]*)|(.*)$')
  if client then
    call('SREM', ARGV[5] .. channel, id .. ':' .. client)
    call('HDEL', held, field)
    removed = removed + 1
    if call('PUBSUB', ARGV[6], ARGV[7] .. channel)[2] > 0 then
      answer[#answer + 1] = field
      answer[#answer + 1] = value
    end
  end
end
answer[1] = removed
if call('HLEN', held) == call('HEXISTS', held, '@') then
  answer[2] = 1
  if mode ~= 'wipe' then
    call('DEL', held)
    call('ZREM', KEYS[1], id)
    if KEYS[3] then call('DEL', KEYS[3]) end
  end
end
return answer
