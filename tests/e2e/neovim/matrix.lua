-- One action after another, each on the files as they were: run, compare, undo once, redo, write, keep
-- what was written, take all back. Files that are made, moved or gone stay so.
-- Given: cases (see `Case` of support_matrix.py), root, kept (a folder for what was written).
local t = dofile(vim.env.TWOLANE_HARNESS)

local function named(bufnr)
  return vim.api.nvim_buf_get_name(bufnr)
end

--- The loaded buffers of files below the root, and their texts.
local function texts()
  local found = {}
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.startswith(named(bufnr), t.given.root) then
      found[bufnr] = t.text(bufnr)
    end
  end
  return found
end

local function in_each(changed, command)
  for bufnr in pairs(changed) do
    vim.api.nvim_buf_call(bufnr, function()
      vim.cmd("silent " .. command)
    end)
  end
end

--- The buffers whose text is another than before; of one that is new, another than nothing.
local function differing(before)
  local changed = {}
  for bufnr, text in pairs(texts()) do
    if text ~= (before[bufnr] or "") then
      changed[bufnr] = text
    end
  end
  return changed
end

--- Write what changed and keep the bytes; undo must give what was before, redo what was written.
local function keep(case, before)
  local changed, missing = differing(before), {}
  for bufnr in pairs(changed) do
    missing[bufnr] = before[bufnr] or vim.NIL
  end
  in_each(changed, "undo")
  for bufnr, text in pairs(missing) do
    if text ~= vim.NIL then
      t.check(t.text(bufnr) == text, case.name .. ": one undo gives back " .. named(bufnr))
    end
  end
  in_each(changed, "redo")
  for bufnr, text in pairs(changed) do
    t.check(t.text(bufnr) == text, case.name .. ": redo gives " .. named(bufnr))
  end
  in_each(changed, "write")
  local folder = t.given.kept .. "/" .. case.name
  vim.fn.mkdir(folder, "p")
  local names = {}
  for bufnr in pairs(changed) do
    local file = named(bufnr)
    names[#names + 1] = file
    assert(vim.uv.fs_copyfile(file, ("%s/%d"):format(folder, #names)))
  end
  in_each(changed, "undo")
  in_each(changed, "write")
  return names
end

local function offered(case, bufnr)
  vim.api.nvim_win_set_cursor(0, { (case.line or 0) + 1, 0 })
  if case.problem then
    local one = { lnum = case.line, col = 1, message = case.problem, source = "ruff", code = "F841" }
    vim.diagnostic.set(vim.api.nvim_create_namespace("ruff"), bufnr, { one })
  end
  local settled = case.title:match("%[") and case.title or case.title .. "["
  t.wait("the menu to offer " .. settled, function()
    return vim.iter(t.choose()):any(function(title)
      return vim.startswith(title, settled)
    end)
  end)
end

local function findings(bufnr)
  local found = vim.tbl_map(function(one)
    return { one.lnum, one.message }
  end, vim.diagnostic.get(bufnr))
  table.sort(found, function(a, b)
    return a[1] < b[1]
  end)
  return found
end

local function run(case)
  local bufnr = t.open(t.given.root .. "/" .. case.file)
  local before = texts()
  local asked = 0
  offered(case, bufnr)
  vim.ui.input = function(_, on_answer)
    on_answer(case.ask or "")
  end
  t.choose(case.title)
  vim.ui.select = function(items, _, on_choice) -- before several files are changed, it is asked
    asked = asked + 1
    on_choice(items[1], 1)
  end
  t.idle(bufnr)
  local report = { name = case.name, asked = asked, messages = t.messages() }
  if case.page then
    local page = t.wait("the page", function()
      local found = vim.fn.bufnr("twolane://" .. case.page[1])
      return found ~= -1 and found
    end)
    report.page = t.text(page)
    vim.api.nvim_buf_delete(page, { force = true })
  elseif case.found then
    report.found = t.wait("the findings", function()
      local other = vim.fn.bufnr(t.given.root .. "/" .. (case.found_in or case.file))
      local found = other ~= -1 and findings(other) or {}
      return #found == #case.found and found
    end)
  end
  if case.fixed then
    vim.api.nvim_win_set_cursor(0, { case.found[2][1] + 1, 0 })
    t.choose("Apply: Wrong")
    t.wait("the fix", function()
      return t.text(bufnr) ~= before[bufnr]
    end)
  end
  report.files = keep(case, before)
  vim.diagnostic.reset()
  vim.cmd("TwolaneClear")
  return report
end

t.drive(function()
  vim.o.fixendofline = false -- else Neovim ends each last line that it writes
  t.report(vim.tbl_map(run, t.given.cases))
end)
