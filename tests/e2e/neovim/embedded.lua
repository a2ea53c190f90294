-- One action after another with a model that may answer anything: what came of each, and undone once.
-- Given: cases (see `Case` of support_matrix.py), root, seconds_each (for one action).
local t = dofile(vim.env.TWOLANE_HARNESS)

--- The loaded buffers of files below the root, and their texts.
local function texts()
  local found = {}
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    local name = vim.api.nvim_buf_get_name(bufnr)
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.startswith(name, t.given.root) then
      found[bufnr] = t.text(bufnr)
    end
  end
  return found
end

local function pages()
  return vim.tbl_filter(function(bufnr)
    return vim.startswith(vim.api.nvim_buf_get_name(bufnr), "twolane://")
  end, vim.api.nvim_list_bufs())
end

--- What changed, as it was and as it is; then one undo in each, and whether that gives what was.
local function changed(before)
  local found = {}
  for bufnr, text in pairs(texts()) do
    local old = before[bufnr]
    if text ~= (old or "\n") then
      vim.api.nvim_buf_call(bufnr, function()
        vim.cmd("silent undo")
      end)
      local undone = not old or t.text(bufnr) == old
      local name = vim.api.nvim_buf_get_name(bufnr)
      found[#found + 1] = { file = name, before = old, after = text, undone = undone }
    end
  end
  return found
end

local function offered(case, bufnr)
  vim.api.nvim_win_set_cursor(0, { case.line + 1, 0 })
  if case.problem then
    local one = { lnum = case.line, col = 1, message = case.problem, source = "ruff", code = "F841" }
    vim.diagnostic.set(vim.api.nvim_create_namespace("ruff"), bufnr, { one })
  end
  t.wait("the menu to offer " .. case.title, function()
    return vim.iter(t.choose()):any(function(title)
      return vim.startswith(title, case.title) and not title:find("not read yet", 1, true)
    end)
  end)
end

local function run(case)
  vim.cmd("messages clear")
  local bufnr = t.open(t.given.root .. "/" .. case.file)
  local before = texts()
  offered(case, bufnr)
  vim.ui.input = function(_, on_answer)
    on_answer(case.ask or "")
  end
  t.choose(case.title)
  vim.ui.select = function(items, _, on_choice)
    -- Several files may be changed, but no answer may be longer.
    on_choice(vim.iter(items):find(function(item)
      return item.title == "Apply"
    end))
  end
  t.wait("the end of " .. case.name, function()
    return not t.busy(bufnr)
  end, t.given.seconds_each * 1000)
  t.pause() -- messages are shown together, a moment later
  local report = { name = case.name, messages = t.messages(), changed = changed(before), pages = {} }
  for _, page in ipairs(pages()) do
    table.insert(report.pages, t.text(page))
    vim.api.nvim_buf_delete(page, { force = true })
  end
  report.found = #vim.diagnostic.get(nil) - (case.problem and 1 or 0)
  vim.diagnostic.reset()
  vim.cmd("silent! %bwipeout!")
  return report
end

t.drive(function()
  t.report(vim.tbl_map(run, t.given.cases))
end)
