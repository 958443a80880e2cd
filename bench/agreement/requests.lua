-- SPDX-FileCopyrightText: The rollcall authors
-- SPDX-License-Identifier: Apache-2.0
--
-- For wrk: one small write a request, each of a new key, to rollcall or to etcd's HTTP gateway.
-- Arguments behind "--": rollcall|etcd PREFIX. Prints one JSON line at the end.

local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(text)
  local out = {}
  for at = 1, #text, 3 do
    local a, b, c = text:byte(at, at + 2)
    local word = a * 65536 + (b or 0) * 256 + (c or 0)
    local function digit(shift) return math.floor(word / shift) % 64 + 1 end
    local d1, d2, d3, d4 = digit(262144), digit(4096), digit(64), digit(1)
    out[#out + 1] = alphabet:sub(d1, d1) .. alphabet:sub(d2, d2) ..
      (b and alphabet:sub(d3, d3) or "=") .. (c and alphabet:sub(d4, d4) or "=")
  end
  return table.concat(out)
end

local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local kind, prefix, count = "rollcall", "x", 0
-- What a client of this size says of itself, the same for both.
local address = "10.11.12.13:14150"
local value = '{"address":"' .. address .. '","ttl":"60s","meta":{"zone":"a","version":"1.4.2"}}'

function init(arguments)
  kind, prefix = arguments[1], arguments[2]
end

function request()
  count = count + 1
  local id = prefix .. "-" .. number .. "-" .. count
  local group = "g" .. (count % 16)
  if kind == "etcd" then
    local body = '{"key":"' .. base64("/" .. group .. "/" .. id) .. '","value":"' .. base64(value) .. '"}'
    return wrk.format("POST", "/v3/kv/put", { ["Content-Type"] = "application/json" }, body)
  end
  return wrk.format("PUT", "/v1/groups/" .. group .. "/members/" .. id,
                    { ["Content-Type"] = "application/json" }, value)
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%.3f,"p50_ms":%.3f,"p99_ms":%.3f,"status_errors":%d,"socket_errors":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
