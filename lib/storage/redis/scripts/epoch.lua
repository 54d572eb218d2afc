-- Sees to it that the data has an epoch and that the epoch is true.
--   KEYS  1 seq   2 epoch   3 history   4 forks
--   ARGV  1 the highest id that the caller has ever seen, 0 if none
--         2 the replication id of the server under which it saw that, '' if unknown
--         3 the replication id of this server, '' if unknown
-- Returns { epoch, last id, 1 if data was lost that the caller has seen, the id up to which the data is what the
-- caller has seen (0: unknown), the forks }. If the store has forgotten ids that were given (emptied, restored from an
-- older copy, failed over without its last writes), a new life begins above all, and the forks remember where.
--
-- A server that restarts or is promoted has a new replication id. The first caller after that notes with which last
-- id the former one ended: whoever saw a higher one under that server knows that it was lost, although the ids given
-- since may be higher still. A client's cursor does not say under which server it was given: so that one from a lost
-- end is known for what it is, whoever comes first, that first caller also lets the ids go on far above, and a fork
-- remember the place. Nothing is given in between.
local call = redis.call
local kServers = 16
local kForks = 16
local kAhead = 2000

local epoch = call('GET', KEYS[2])
local last = tonumber(call('GET', KEYS[1]) or 0)
local seen, seen_on, server = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local forgotten = last < seen
local succeeds = false
local common = forgotten and last or 0

if server ~= '' then
  local history = call('GET', KEYS[3]) or ''
  local ruler, former = string.match(history, '^(%S+)(.*)$')
  if ruler ~= server then
    history = server
    if ruler then
      succeeds = true
      history = history .. ' ' .. ruler .. ' ' .. string.format('%.0f', last)
      local count = 1
      for pair in string.gmatch(former, ' %S+ %S+') do
        count = count + 1
        if count <= kServers then history = history .. pair end
      end
    end
    call('SET', KEYS[3], history)
  end
  if seen > 0 and seen_on ~= '' and seen_on ~= server then
    local ended = string.match(history, ' ' .. seen_on .. ' (%d+)')
    if not ended or seen > tonumber(ended) then
      forgotten = true
      common = math.min(common > 0 and common or seen, tonumber(ended) or 0)
    end
  end
end
-- There also when there are none: while a slot moves, Redis refuses to read keys together of which one is missing.
local forks = call('GET', KEYS[4])
if not forks then
  forks = ''
  call('SET', KEYS[4], forks)
end
local goes_on = epoch and last > 0 and not forgotten
if goes_on and not succeeds then return { epoch, string.format('%.0f', last), 0, '0', forks } end

-- Above all by two: the id before an epoch is a cursor of that life, at its beginning. And where the data parts, so
-- far ahead of the clock that it is also above what a former server, which does not know yet, will give a moment from
-- now: whoever comes here with such a cursor is told.
local now = call('TIME')
local ahead = last > 0 and kAhead or 0
local id = (now[1] * 1000 + math.floor(now[2] / 1000) + ahead) * 2048
id = math.max(id, last + 1, seen + 2)
local text = string.format('%.0f', id)
call('SET', KEYS[1], text)
if not goes_on then call('SET', KEYS[2], text) end
if last > 0 then
  -- A fork further up than this one says nothing that this one does not.
  local place = forgotten and common or last
  local older = forks
  forks = text .. ' ' .. string.format('%.0f', place)
  local count = 1
  for e, c in string.gmatch(older, '(%d+) (%d+)') do
    if count < kForks and tonumber(c) < place then
      forks = forks .. ' ' .. e .. ' ' .. c
      count = count + 1
    end
  end
  call('SET', KEYS[4], forks)
end
if goes_on then return { epoch, text, 0, '0', forks } end
return { text, text, seen > 0 and 1 or 0, string.format('%.0f', common), forks }
