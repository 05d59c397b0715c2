-- GCRA with the server's clock, so that nodes with different clocks share one bucket.
-- KEYS[1] bucket; ARGV limit, refill time in microseconds, cost. Returns microseconds to wait, 0 = taken.
local limit, per, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
if full_at < now then full_at = now end
-- Whole microseconds, rounded down: a full bucket must give all its tokens.
full_at = full_at + math.max(1, math.floor(cost * per / limit))
local over = full_at - now - per
if over > 0 then return over end
redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000) + 1)
return 0
