-- Takes, renews or gives back a lease.
--   KEYS  1 the lease
--   ARGV  1 token of who asks   2 ms to hold it; 0 gives it back
-- Returns 1 if the caller has it now.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
