-- For wrk: asks for a client drawn at random, in each context in turn, one request in ten with a filter.
local clients = tonumber(os.getenv("BENCH_CLIENTS"))
local items = tonumber(os.getenv("BENCH_ITEMS"))
local headers = { ["Authorization"] = "Bearer " .. os.getenv("BENCH_KEY") }
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init()
  math.randomseed(number * 7919 + tonumber(os.getenv("BENCH_SEED")))
end

function request()
  local path = "/v1/recommendations?n=10&client_id=c" .. math.random(0, clients - 1)
  local kind = math.random(1, 10)
  if kind <= 3 then
    path = path .. "&context=product&item_id=i" .. math.random(0, items - 1)
  elseif kind <= 5 then
    path = path .. "&context=cart&cart=i" .. math.random(0, items - 1) .. "&cart=i" .. math.random(0, items - 1)
  elseif kind <= 6 then
    path = path .. "&context=home&exclude=i" .. math.random(0, items - 1)
  elseif kind <= 7 then
    path = path .. "&context=email"
  else
    path = path .. "&context=home"
  end
  return wrk.format("GET", path, headers)
end
