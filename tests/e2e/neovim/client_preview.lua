-- The preview: shown below the range, followed, never in the text, and gone afterwards.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local reply
  local cmd, server = dofile(t.given.fake).start({
    ["workspace/executeCommand"] = function(_, answer)
      reply = answer
    end,
  })
  vim.lsp.config("twolane", { cmd = cmd })
  local bufnr, client = t.open(t.given.file)
  local uri = vim.uri_from_bufnr(bufnr)
  local before = t.text(bufnr)

  local function run(line)
    local range = {
      start = { line = line, character = 0 },
      ["end"] = { line = line, character = 3 },
    }
    local argument = { action = "docstring", uri = uri, range = range }
    client:exec_cmd(
      { title = "Write docstring", command = "twolane.run", arguments = { argument } },
      { bufnr = bufnr }
    )
  end
  local function piece(text, done)
    local params = { uri = uri, decision = "local: NDA", text = text, done = done or false }
    server.tell("twolane/preview", params)
  end
  local function shows(...)
    local expected = { ... }
    t.wait("the preview " .. vim.inspect(expected), function()
      return vim.deep_equal(t.preview(bufnr), expected)
    end, 2000)
  end
  local function gone()
    t.wait("no preview", function()
      return t.preview(bufnr) == nil
    end, 2000)
  end

  run(1)
  shows("twolane · Write docstring")
  t.equal(select(2, t.preview(bufnr)), 1, "the line above the preview")
  local token = server.sent("workspace/executeCommand")[1].params.workDoneToken
  local function progress(value)
    server.tell("$/progress", { token = token, value = value })
  end
  progress({ kind = "begin", title = "Write docstring", cancellable = true })
  progress({ kind = "report", message = "local: NDA · waiting" })
  shows("twolane · local: NDA · waiting")

  piece("é")
  shows("twolane · local: NDA", "é")
  piece(" one\r")
  piece("\n\ttwo\n\n")
  piece("thr")
  piece("ee 🙂\27[31m\n")
  shows("twolane · local: NDA", "é one", (" "):rep(vim.bo.tabstop) .. "two", "", "three 🙂[31m", "")
  for line = 1, 40 do
    piece(("line %d\n"):format(line))
  end
  piece("last")
  t.wait("only the end of a long answer", function()
    local lines = t.preview(bufnr)
    return lines and #lines == 13 and lines[13] == "last" and lines[12] == "line 40"
  end)
  piece("", true)
  gone()
  piece("late")
  t.pause()
  t.equal(t.preview(bufnr), nil, "after the end")
  t.check(t.busy(bufnr), "the command has not been answered yet")
  reply(nil, { applied = true })
  t.idle(bufnr)
  t.equal(t.text(bufnr), before, "the text")
  t.check(not vim.bo[bufnr].modified, "the preview counts as a change")

  -- The end of the file, then a change of the buffer.
  run(vim.api.nvim_buf_line_count(bufnr) + 7)
  piece("x")
  shows("twolane · local: NDA", "x")
  vim.api.nvim_buf_set_lines(bufnr, 0, 0, false, { "# new" })
  gone()
  piece("y")
  t.pause()
  t.equal(t.preview(bufnr), nil, "after a change")
  reply(nil, { applied = false })
  t.idle(bufnr)

  -- An error of the request itself.
  run(0)
  shows("twolane · Write docstring")
  reply({ code = -32602, message = "no such thing" })
  gone()
  t.told("twolane: no such thing")

  -- Other buffers, and buffers nobody knows.
  server.tell("twolane/preview", { uri = "file:///nowhere", decision = "", text = "z", done = false })

  -- The buffer goes away while the answer comes.
  run(0)
  piece("z")
  shows("twolane · local: NDA", "z")
  vim.cmd("bwipeout!")
  piece("z")
  t.pause()
  reply(nil, { applied = false })
  t.pause()
  t.check(not t.messages():find("Error"), "an error was shown")
end)
