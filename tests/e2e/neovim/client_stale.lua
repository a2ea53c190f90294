-- Edits that come too late are refused, and the server is told so.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local cmd, server = dofile(t.given.fake).start({ ["workspace/executeCommand"] = function() end })
  vim.lsp.config("twolane", { cmd = cmd })
  local bufnr, client = t.open(t.given.file)
  local uri = vim.uri_from_bufnr(bufnr)

  local function edit(version, text)
    local range =
      { start = { line = 0, character = 0 }, ["end"] = { line = 0, character = 0 } }
    local document = { uri = uri, version = version }
    local change = { textDocument = document, edits = { { range = range, newText = text } } }
    return server.ask("workspace/applyEdit", { label = "x", edit = { documentChanges = { change } } })
  end

  local opened = server.sent("textDocument/didOpen")[1].params.textDocument.version
  t.equal(opened, 0, "the version that Neovim does not check")

  -- Read anew while an action runs: the version is 0 once more.
  local range = { start = { line = 0, character = 0 }, ["end"] = { line = 0, character = 0 } }
  local argument = { action = "docstring", uri = uri, range = range }
  client:exec_cmd({ title = "x", command = "twolane.run", arguments = { argument } })
  vim.fn.writefile({ "# other", "x = 1" }, t.given.file)
  vim.cmd("silent edit!")
  t.equal(vim.lsp.util.buf_versions[bufnr], opened, "the version of a buffer that was read anew")
  t.equal(edit(opened, "stale").applied, false, "an edit for the text before :edit!")
  t.equal(t.text(bufnr), "# other\nx = 1\n", "the text")
  local request = server.sent("workspace/executeCommand")[1]
  t.equal(server.sent("$/cancelRequest")[1].params, { id = request.id }, "what is cancelled")
  vim.cmd("TwolaneCancel")

  vim.api.nvim_buf_set_lines(bufnr, 0, 0, false, { "# typed" })
  local before = t.text(bufnr)
  local answer = edit(opened, "stale")
  t.equal(answer.applied, false, "a stale edit of version 0")
  t.equal(answer.failureReason, "the buffer changed meanwhile", "why")
  t.equal(t.text(bufnr), before, "the text")

  local version = vim.lsp.util.buf_versions[bufnr]
  t.equal(edit(version, "# fresh\n").applied, true, "a fresh edit")
  t.equal(t.text(bufnr), "# fresh\n" .. before, "the text after a fresh edit")
  t.equal(edit(version, "stale").applied, false, "the same edit again")
  vim.cmd("silent undo")
  t.equal(t.text(bufnr), before, "one undo takes back the edit, and only that")
  vim.cmd("silent redo")
  t.equal(t.text(bufnr), "# fresh\n" .. before, "redo")

  -- Typing right after the edit is an undo step of its own.
  vim.api.nvim_buf_set_lines(bufnr, -1, -1, false, { "# after" })
  vim.cmd("silent undo")
  t.equal(t.text(bufnr), "# fresh\n" .. before, "one undo takes back what was typed after")

  vim.bo[bufnr].modifiable = false
  t.equal(edit(vim.lsp.util.buf_versions[bufnr], "x").applied, false, "a buffer that is locked")
  vim.bo[bufnr].modifiable = true

  -- The client lets go of the buffer while an action runs.
  client:exec_cmd({ title = "x", command = "twolane.run", arguments = { argument } })
  t.wait("the preview", function()
    return t.preview(bufnr)
  end)
  vim.lsp.buf_detach_client(bufnr, client.id)
  t.equal(t.preview(bufnr), nil, "the preview of a client that is gone")
  t.equal(#server.sent("$/cancelRequest"), 3, "cancelled requests")
  t.equal(edit(vim.lsp.util.buf_versions[bufnr], "x").applied, false, "after it let go")
  vim.cmd("TwolaneCancel")

  -- What the server does not know to be open is as it is on disk, unless its buffer differs.
  vim.cmd("enew | bunload! #")
  t.equal(edit(nil, "# new\n").applied, true, "an edit of a file that is not loaded")
  t.equal(t.text(bufnr), "# new\n# other\nx = 1\n", "what was on disk, with the edit")
  t.equal(edit(nil, "x").applied, false, "an edit over what is not written")
  t.equal(t.text(bufnr), "# new\n# other\nx = 1\n", "the text that is not written")
end)
