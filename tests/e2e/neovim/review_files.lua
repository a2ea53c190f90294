-- A review of many files: what it found in one that is not open follows the disk, until the file is gone.
-- Given: file, other, title.
local t = dofile(vim.env.TWOLANE_HARNESS)

local function rows(bufnr)
  local found = vim.tbl_map(function(one)
    return one.lnum
  end, vim.diagnostic.get(bufnr))
  table.sort(found)
  return found
end

t.drive(function()
  local bufnr = t.open(t.given.file)
  local other = vim.uri_to_bufnr(vim.uri_from_fname(t.given.other))
  t.offered(t.given.title)
  t.choose(t.given.title)
  t.idle(bufnr)
  local first = t.wait("a diagnostic in the other file", function()
    local all = rows(other)
    return #all == 1 and all
  end)
  t.check(not vim.api.nvim_buf_is_loaded(other), "the other file is open")

  local lines = vim.fn.readfile(t.given.other)
  table.insert(lines, 1, "# above")
  table.insert(lines, 1, "# above")
  local moved
  for _ = 1, 20 do -- watching may begin later than the first answer comes
    vim.fn.writefile(lines, t.given.other)
    if vim.wait(1000, function()
      moved = rows(other)
      return moved[1] ~= first[1]
    end, 10) then
      break
    end
  end

  vim.fn.delete(t.given.other)
  local gone = t.wait("no diagnostic in a file that is gone", function()
    local all = rows(other)
    return #all == 0 and all
  end)
  t.report({ first = first, moved = moved, gone = gone, here = rows(bufnr) })
end)
