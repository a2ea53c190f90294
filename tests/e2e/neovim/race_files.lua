-- The files of a race and what may happen to them meanwhile.
-- `race(t)` returns the module; `t` is the harness, which knows root, before, after and mark.
return function(t)
  local M = {}
  local MARK, BEFORE = t.given.mark, t.given.before
  M.THEIRS = "# theirs\n"

  function M.file(path)
    return t.given.root .. "/" .. path
  end

  function M.buffer(path)
    local bufnr = vim.fn.bufnr("^" .. vim.fn.escape(M.file(path), ".") .. "$")
    return bufnr ~= -1 and vim.api.nvim_buf_is_loaded(bufnr) and bufnr or nil
  end

  function M.disk(path)
    local found = io.open(M.file(path), "rb")
    local text = found and found:read("*a")
    if found then
      found:close()
    end
    return text or nil
  end

  function M.put(path, text)
    local made = assert(io.open(M.file(path), "wb"))
    made:write(text)
    made:close()
  end

  function M.plain(text)
    return (text:gsub("\r\n", "\n"):gsub("\239\187\191", ""):gsub(MARK .. "\n", ""))
  end

  function M.marks(text)
    return select(2, text:gsub(MARK, ""))
  end

  --- What a person has of a file: its buffer, else what is on disk; nil for neither.
  function M.shown(path)
    local bufnr = M.buffer(path)
    return bufnr and t.text(bufnr) or M.disk(path)
  end

  function M.inside(bufnr, command)
    vim.api.nvim_buf_call(bufnr, function()
      vim.cmd("silent! " .. command)
    end)
  end

  --- Type a line; nil where the file is not open.
  function M.type_in(path)
    local bufnr = M.buffer(path)
    if not bufnr then
      return nil
    end
    vim.bo[bufnr].undolevels = vim.bo[bufnr].undolevels -- what is typed is a step of its own
    local row = math.random(0, vim.api.nvim_buf_line_count(bufnr) - 1)
    vim.api.nvim_buf_set_lines(bufnr, row, row, false, { MARK })
    return path
  end

  local function theirs(path)
    return function()
      M.put(path, M.THEIRS)
    end
  end

  -- What happens meanwhile; `of` is the file whose fate is in its hands then, `typed` the one typed in.
  M.ACTS = {
    { name = "type a", typed = "a.py" },
    { name = "type b", typed = "b.py" },
    { name = "type c", typed = "c.py" },
    { name = "type old", typed = "old.py" },
    {
      name = "save b",
      act = function()
        if M.buffer("b.py") then
          M.inside(M.buffer("b.py"), "write!")
        end
      end,
    },
    {
      name = "reload b",
      of = "b.py",
      act = function()
        M.put("b.py", MARK .. "\n" .. BEFORE["b.py"])
        M.inside(M.buffer("b.py"), "edit!")
      end,
    },
    {
      name = "close b",
      of = "b.py",
      act = function()
        vim.cmd("bwipeout! " .. M.buffer("b.py"))
      end,
    },
    {
      name = "close a",
      of = "a.py",
      act = function()
        vim.cmd("bwipeout! " .. M.buffer("a.py"))
      end,
    },
    {
      name = "rename b",
      of = "b.py",
      act = function()
        M.inside(M.buffer("b.py"), "saveas! " .. M.file("moved.py"))
      end,
    },
    {
      name = "open c",
      act = function()
        vim.fn.bufload(vim.fn.bufadd(M.file("c.py")))
      end,
    },
    { name = "theirs in c", of = "c.py", act = theirs("c.py") },
    {
      name = "no c",
      of = "c.py",
      act = function()
        os.remove(M.file("c.py"))
      end,
    },
    {
      name = "no docs",
      of = "docs.md",
      act = function()
        os.rename(M.file("docs.md"), M.file("theirs.md"))
      end,
    },
    { name = "theirs in docs", of = "docs.md", act = theirs("docs.md") },
    { name = "a guide", of = "docs.md", act = theirs("guide.md") },
    { name = "a new", of = "new.md", act = theirs("new.md") },
    { name = "theirs in old", of = "old.py", act = theirs("old.py") },
    { name = "nothing", act = function() end },
  }

  return M
end
