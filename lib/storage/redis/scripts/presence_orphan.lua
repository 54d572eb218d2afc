-- Removes an entry of a channel's presence that no instance answers for. Names: keyspace.hpp.
--   KEYS  1 subs   2 held
--   ARGV  1 member of subs   2 field of held
-- Returns 1 if it was removed.
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 1 then return 0 end
return redis.call('SREM', KEYS[1], ARGV[1])
