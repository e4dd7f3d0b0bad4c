-- Reads the request from the environment and prints the result as one line of JSON.
wrk.method = os.getenv("BENCH_METHOD")

local body = os.getenv("BENCH_BODY_FILE")
if body then
  local file = io.open(body, "rb")
  wrk.body = file:read("*a")
  file:close()
end

for line in (os.getenv("BENCH_HEADERS") or ""):gmatch("[^\n]+") do
  local name, value = line:match("^([^:]+): (.*)$")
  wrk.headers[name] = value
end

function done(summary, latency)
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"errorResponses":%d,"socketErrors":%d,"p50":%d,"p99":%d,"max":%d}\n',
    summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
