-- A review: its findings are diagnostics, a quick fix mends one, a command takes the rest away.
-- Given: file, at, title.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local bufnr = t.open(t.given.file)
  local before = t.text(bufnr)
  t.go(t.given.at)
  t.offered(t.given.title)
  t.choose(t.given.title)
  t.idle(bufnr)
  local found = t.wait("two diagnostics", function()
    local all = vim.diagnostic.get(bufnr)
    return #all == 2 and all
  end)
  table.sort(found, function(a, b)
    return a.lnum < b.lnum
  end)
  t.equal(t.text(bufnr), before, "the text after the review")
  local shown = vim.tbl_map(function(one)
    return { message = one.message, source = one.source, severity = one.severity, lnum = one.lnum }
  end, found)

  t.choose("Apply: Wrong")
  t.wait("the fix", function()
    return t.text(bufnr) ~= before
  end)
  local left = t.wait("one diagnostic", function()
    local all = vim.diagnostic.get(bufnr)
    return #all == 1 and all
  end)
  local after = t.text(bufnr)
  vim.cmd("silent undo")
  t.equal(t.text(bufnr), before, "after one undo")
  vim.cmd("silent redo")
  t.equal(t.text(bufnr), after, "after redo")
  vim.cmd("silent write")

  vim.cmd("TwolaneClear")
  t.wait("no diagnostic", function()
    return #vim.diagnostic.get(bufnr) == 0
  end)
  t.report({ found = shown, left = { left[1].message } })
end)
