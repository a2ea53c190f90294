-- An edit of several files is applied to what it was made for, and to the end, or not at all.
local t = dofile(vim.env.TWOLANE_HARNESS)

local function hash(text)
  return vim.fn.sha256((text:gsub("\n$", "")))
end

t.drive(function()
  local cmd, server = dofile(t.given.fake).start({ ["workspace/executeCommand"] = function() end })
  vim.lsp.config("twolane", { cmd = cmd })
  local bufnr = t.open(t.given.file)
  local folder = vim.fs.dirname(t.given.file)
  local text = t.text(bufnr)
  local function uri(name)
    return vim.uri_from_fname(folder .. "/" .. name)
  end
  local function disk(name)
    local found = io.open(folder .. "/" .. name, "rb")
    local held = found and found:read("*a")
    if found then
      found:close()
    end
    return held or nil
  end
  for _, name in ipairs({ "other.py", "moves.py", "goes.py" }) do
    vim.fn.writefile({ "\239\187\191# " .. name .. "\r" }, folder .. "/" .. name)
  end
  local at = { start = { line = 0, character = 0 }, ["end"] = { line = 0, character = 0 } }
  local own = vim.uri_from_bufnr(bufnr)
  local function edited(where, version)
    local document = { uri = where, version = version }
    return { textDocument = document, edits = { { range = at, newText = "# new\n" } } }
  end
  local changes = {
    { kind = "create", uri = uri("made.py") },
    edited(uri("made.py")),
    edited(own),
    edited(uri("other.py")),
    { kind = "rename", oldUri = uri("moves.py"), newUri = uri("moved.py") },
    { kind = "delete", uri = uri("goes.py") },
  }
  local function ask(wrong)
    changes[3].textDocument.version = vim.lsp.util.buf_versions[bufnr]
    local hashes = {
      [own] = hash(text),
      [uri("other.py")] = hash("# other.py\n"),
      [uri("moves.py")] = hash("# moves.py\n"),
      [uri("goes.py")] = hash("# goes.py\n"),
      [uri("made.py")] = vim.NIL,
      [uri("moved.py")] = vim.NIL,
    }
    local files = {}
    for where, sha256 in pairs(vim.tbl_extend("force", hashes, wrong)) do
      files[#files + 1] = { uri = where, sha256 = sha256 }
    end
    server.tell("twolane/expected", { files = files })
    t.pause(20)
    return server.ask("workspace/applyEdit", { label = "x", edit = { documentChanges = changes } })
  end
  local function nothing_is_changed(when)
    t.equal(t.text(bufnr), text, "the buffer, " .. when)
    t.equal(disk("moves.py"), "\239\187\191# moves.py\r\n", "what moves, " .. when)
    t.equal(disk("goes.py"), "\239\187\191# goes.py\r\n", "what goes, " .. when)
    t.equal(disk("moved.py"), nil, "where it moves, " .. when)
    t.equal(disk("made.py"), nil, "what is made, " .. when)
    local other = vim.fn.bufnr(folder .. "/other.py")
    if other ~= -1 and vim.api.nvim_buf_is_loaded(other) then
      t.equal(t.text(other), "# other.py\n", "the other file, " .. when)
    end
  end

  for _, name in ipairs({ "other.py", "moves.py", "goes.py" }) do
    local answer = ask({ [uri(name)] = hash("# another\n") })
    t.equal(answer.applied, false, name .. " is another")
    t.equal(answer.failureReason, "a file changed meanwhile", "why")
    nothing_is_changed(name .. " being another")
  end
  t.equal(ask({ [own] = hash("# another\n") }).applied, false, "the buffer is another")
  for _, name in ipairs({ "made.py", "moved.py" }) do
    vim.fn.writefile({ "theirs" }, folder .. "/" .. name)
    t.equal(ask({}).applied, false, name .. " is there")
    t.equal(disk(name), "theirs\n", name)
    os.remove(folder .. "/" .. name)
    nothing_is_changed(name .. " being there")
  end

  -- A buffer that is to go and a file that another program has written since.
  vim.cmd("edit " .. folder .. "/goes.py")
  vim.fn.writefile({ "theirs" }, folder .. "/goes.py")
  t.equal(ask({}).applied, false, "a file that is not as its buffer")
  t.equal(disk("goes.py"), "theirs\n", "what another program wrote")
  vim.cmd("bwipeout")
  vim.fn.writefile({ "\239\187\191# goes.py\r" }, folder .. "/goes.py")

  -- The last step fails.
  local rm = vim.fs.rm
  vim.fs.rm = function()
    error("no room")
  end
  t.equal(ask({}).applied, false, "an edit that fails in the end")
  vim.fs.rm = rm
  nothing_is_changed("after it failed")

  local answer = ask({})
  t.equal(answer.applied, true, "what is as expected: " .. vim.inspect(answer))
  t.equal(t.text(bufnr), "# new\n" .. text, "the text")
  t.equal(disk("goes.py"), nil, "what went")
  t.check(disk("moved.py"), "what moved is there")
  t.equal(t.text(vim.fn.bufnr(folder .. "/other.py")), "# new\n# other.py\n", "the other text")
end)
