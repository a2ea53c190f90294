-- One run a buffer, and three ways out: :TwolaneCancel, a server that dies, a stranger's progress.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local cmd, server = dofile(t.given.fake).start({ ["workspace/executeCommand"] = function() end })
  vim.lsp.config("twolane", { cmd = cmd })
  local bufnr, client = t.open(t.given.file)
  local range = { start = { line = 0, character = 0 }, ["end"] = { line = 0, character = 0 } }

  local function run()
    local argument = { action = "docstring", uri = vim.uri_from_bufnr(bufnr), range = range }
    client:exec_cmd({ title = "x", command = "twolane.run", arguments = { argument } })
  end
  local function sent(method)
    return server.sent(method)
  end

  vim.cmd("TwolaneCancel")
  run()
  run()
  t.told("is still writing in this buffer")
  t.equal(#sent("workspace/executeCommand"), 1, "requests in one buffer at a time")
  local first = sent("workspace/executeCommand")[1]
  server.tell("$/progress", { token = first.params.workDoneToken, value = { kind = "begin", title = "x" } })
  server.tell("$/progress", { token = "stranger", value = { kind = "begin", title = "x" } })
  t.wait("the progress", function()
    return client.progress.pending.stranger
  end)

  -- As from Visual mode, which a rewrite leaves on.
  vim.cmd("1,2TwolaneCancel")
  t.check(not t.busy(bufnr), "still busy")
  t.equal(t.preview(bufnr), nil, "the preview")
  t.equal(sent("$/cancelRequest")[1].params, { id = first.id }, "the request that is cancelled")
  local progress = sent("window/workDoneProgress/cancel")
  t.equal(#progress, 1, "progress that is cancelled, our own request apart")
  t.equal(progress[1].params, { token = "stranger" }, "progress that is cancelled")

  run()
  t.equal(#sent("workspace/executeCommand"), 2, "requests after a cancelled one")
  local tokens = vim.tbl_map(function(request)
    return request.params.workDoneToken
  end, sent("workspace/executeCommand"))
  t.check(tokens[1] ~= tokens[2], "two runs share a token")

  vim.bo[bufnr].modifiable = false
  vim.cmd("TwolaneCancel")
  run()
  t.told("this buffer cannot be changed ('modifiable' is off)")
  t.equal(#sent("workspace/executeCommand"), 2, "requests for what cannot be changed")
  vim.bo[bufnr].modifiable = true
  run()

  server.die()
  t.idle(bufnr)
  t.wait("no preview of a dead server", function()
    return t.preview(bufnr) == nil
  end)
end)
