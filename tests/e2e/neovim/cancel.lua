-- Stop in the middle of an answer, by request and by progress; then the server is free.
-- Given: file, at, slow (a text that the preview shows of the answer that is stopped), way.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local bufnr, client = t.open(t.given.file)
  local before, tick = t.text(bufnr), vim.api.nvim_buf_get_changedtick(bufnr)
  t.go(t.given.at)
  t.choose("Write docstring")
  t.wait("the preview", function()
    local lines = t.preview(bufnr)
    return lines and lines[2] and lines[2]:find(t.given.slow, 1, true)
  end)

  local stopped = vim.uv.hrtime()
  if t.given.way == "request" then
    vim.cmd("TwolaneCancel")
  else
    for token in pairs(client.progress.pending) do
      client:notify("window/workDoneProgress/cancel", { token = token })
    end
  end
  t.idle(bufnr)
  t.wait("no preview", function()
    return t.preview(bufnr) == nil
  end)
  t.wait("the end of the progress", function()
    return next(client.progress.pending) == nil
  end)
  local seconds = (vim.uv.hrtime() - stopped) / 1e9
  t.pause(700)
  t.equal(t.text(bufnr), before, "the text")
  t.equal(vim.api.nvim_buf_get_changedtick(bufnr), tick, "changes of the buffer")
  t.equal(t.preview(bufnr), nil, "the preview")

  t.go(t.given.at)
  t.choose("Write docstring")
  t.wait("the edit of the next run", function()
    return t.text(bufnr) ~= before
  end)
  t.idle(bufnr)
  vim.cmd("silent write")
  t.report({ seconds = seconds, messages = t.messages() })
end)
