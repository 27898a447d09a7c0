-- Sends each line of a file of bodies once and looks at every answer. Prints: asked, answered, refused.
local bodies, sent, answered, refused = {}, 0, 0, 0
local path, content_type, mark, file = os.getenv("BENCH_PATH"), os.getenv("BENCH_TYPE"), os.getenv("BENCH_MARK"), os.getenv("BENCH_BODIES")
local cycle = os.getenv("BENCH_CYCLE") == "1"

for line in io.lines(file) do bodies[#bodies + 1] = line end
wrk.method = "POST"
wrk.headers["Content-Type"] = content_type

function request()
  sent = sent + 1
  if sent > #bodies then
    if not cycle then wrk.thread:stop() end
    sent = 1
  end
  return wrk.format(nil, path, nil, bodies[sent])
end

function response(status, headers, body)
  answered = answered + 1
  if status ~= 200 or not string.find(body, mark, 1, true) then
    refused = refused + 1
    if refused <= 3 then io.stderr:write("answer: " .. status .. " " .. body .. "\n") end
  end
  wrk.thread:set("answered", answered)
  wrk.thread:set("refused", refused)
end

local threads = {}
function setup(thread) threads[#threads + 1] = thread end
function done(summary, latency)
  local all, bad = 0, 0
  for _, thread in ipairs(threads) do
    all = all + (thread:get("answered") or 0)
    bad = bad + (thread:get("refused") or 0)
  end
  io.write(string.format("RESULT %d %d %d %d %d %d\n", all, bad, summary.duration, latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
