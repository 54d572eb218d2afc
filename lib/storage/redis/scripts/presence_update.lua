-- Enters and removes clients of an instance on channels of one partition. Names: keyspace.hpp.
--   KEYS  1 held   2 … the subs key of each change
--   ARGV  1 instance id   2 its token   3 'NUMSUB' or 'SHARDNUMSUB'   4 prefix of presence topics
--         5 … of each change: field of held ("client|channel"), value ('' removes)
-- Returns { -1 } if the token is not the one that stands (the instance must beat first), else { 0, numbers (from 0)
-- of the changes that changed something and whose channel has listeners for joins and leaves }.
local call = redis.call
local held = KEYS[1]
if call('HGET', held, '@') ~= ARGV[2] then return { -1 } end
local answer = { 0 }
for change = 0, #KEYS - 2 do
  local field, value = ARGV[5 + 2 * change], ARGV[6 + 2 * change]
  local client, channel = string.match(field, '^([^|]*)|(.*)$')
  local subs, member, changed = KEYS[2 + change], ARGV[1] .. ':' .. client, 0
  if value == '' then
    changed = call('SREM', subs, member)
    call('HDEL', held, field)
  else
    changed = call('SADD', subs, member)
    call('HSET', held, field, value)
  end
  if changed == 1 and call('PUBSUB', ARGV[3], ARGV[4] .. channel)[2] > 0 then answer[#answer + 1] = change end
end
return answer
