-- Says in one partition that an instance lives. Names: keyspace.hpp.
--   KEYS  1 instances   2 held   [3 instance]
--   ARGV  1 instance id   2 its token: new with each start of the process
--         [3 ms to keep the instance's hash   4 heartbeat topic   5 heartbeat as JSON   6 … fields and values]
-- Returns the token that was there: another one, or '', says that what this process had put here may be gone.
local call = redis.call
local now = call('TIME')
call('ZADD', KEYS[1], string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000)), ARGV[1])
local known = call('HGET', KEYS[2], '@')
if known ~= ARGV[2] then call('HSET', KEYS[2], '@', ARGV[2]) end
if KEYS[3] then
  for at = 6, #ARGV, 2 do call('HSET', KEYS[3], ARGV[at], ARGV[at + 1]) end
  call('PEXPIRE', KEYS[3], ARGV[3])
  call('PUBLISH', ARGV[4], ARGV[5])
end
return known or ''
