-- Where the preview stands: in sight, in rows that fit the window.
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
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, vim.fn.map(vim.fn.range(100), '"x = " .. v:val'))

  local function run(line)
    local at = { line = line, character = 0 }
    local argument = { action = "docstring", uri = uri, range = { start = at, ["end"] = at } }
    client:exec_cmd({ title = "x", command = "twolane.run", arguments = { argument } }, { bufnr = bufnr })
    return t.wait("the preview", function()
      local namespace = vim.api.nvim_get_namespaces()["twolane.preview"]
      return vim.api.nvim_buf_get_extmarks(bufnr, namespace, 0, -1, { details = true })[1]
    end)
  end
  local function stop()
    reply(nil, { applied = false })
    t.idle(bufnr)
  end

  local height = vim.api.nvim_win_get_height(0)
  for _, place in ipairs({
    { what = "room below", cursor = 30, keys = "zt", line = 29, row = 29, above = false },
    { what = "the window's last line", cursor = 30, keys = "zb", line = 29, row = 29, above = true },
    { what = "an end out of sight", cursor = 30, keys = "zt", line = 90, row = 29, above = true },
    { what = "the first line", cursor = 1, keys = "zt", line = 90, row = 0, above = false },
  }) do
    vim.api.nvim_win_set_cursor(0, { place.cursor, 0 })
    vim.cmd("normal! " .. place.keys)
    local mark = run(place.line)
    t.equal(mark[2], place.row, place.what .. ": the line")
    t.equal(mark[4].virt_lines_above or false, place.above, place.what .. ": above it")
    stop()
  end

  -- Six screen lines are left below: the header and five rows of the answer.
  vim.api.nvim_win_set_cursor(0, { 30, 0 })
  vim.cmd("normal! zt")
  run(29 + height - 7)
  for line = 1, 20 do
    server.tell("twolane/preview", { uri = uri, decision = "d", text = ("%d\n"):format(line), done = false })
  end
  t.wait("only what can be seen", function()
    return vim.deep_equal(t.preview(bufnr), { "twolane · d", "17", "18", "19", "20", "" })
  end, 2000)
  stop()

  vim.wo.number = true -- takes four cells
  local width = vim.o.columns - 4
  vim.cmd("normal! zt")
  run(29)
  local long = ("é "):rep(width) .. ("🙂"):rep(width) .. " end"
  server.tell("twolane/preview", { uri = uri, decision = ("why "):rep(30), text = long, done = false })
  local shown = t.wait("the long line", function()
    local rows = t.preview(bufnr)
    return rows and rows[#rows]:find("end$") and rows
  end)
  for _, row in ipairs(shown) do
    t.check(vim.fn.strdisplaywidth(row) <= width, "too wide: " .. row)
  end
  local all = "twolane · " .. ("why "):rep(30) .. long
  t.equal(table.concat(shown), all, "what is shown")
  stop()
end)
