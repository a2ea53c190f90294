-- The answer as it comes, as virtual lines beside the range. It is never part of the buffer's text.

local M = {}

local NAMESPACE = vim.api.nvim_create_namespace("twolane.preview")
local LINES = 12 -- of a long answer at most; only its end is shown: what is being written now
local REDRAW_MS = 30
local ROOM = 5 -- with fewer screen lines below the range, the preview goes above the cursor

vim.api.nvim_set_hl(0, "TwolaneHeader", { link = "DiagnosticVirtualTextInfo", default = true })
vim.api.nvim_set_hl(0, "TwolanePreview", { link = "Comment", default = true })

---@class twolane.Preview
---@field private bufnr integer
---@field private row integer 0-based, the line beside the virtual ones
---@field private above boolean whether they stand above that line
---@field private most integer how many rows of the answer there is room for
---@field private header string
---@field private text string
---@field private mark? integer
---@field private waiting boolean
---@field private ended boolean
local Preview = {}
Preview.__index = Preview

--- One line of text that a virtual line can show: tabs as spaces, nothing unprintable.
---@param line string
---@param tab string
---@return string
local function printable(line, tab)
  return (line:gsub("\t", tab):gsub("%c", ""))
end

--- A line as rows that fit into a width, since virtual lines do not wrap.
---@param line string
---@param width integer in screen cells
---@return string[]
local function wrapped(line, width)
  local rows = {}
  while vim.fn.strdisplaywidth(line) > width do
    local row = vim.fn.strcharpart(line, 0, width)
    while vim.fn.strdisplaywidth(row) > width do
      row = vim.fn.strcharpart(row, 0, vim.fn.strchars(row) - 1)
    end
    row = row:match("^.*%S%s+") or row
    rows[#rows + 1] = row
    line = line:sub(#row + 1)
  end
  rows[#rows + 1] = line
  return rows
end

--- The window that shows a buffer, the current one first.
---@param bufnr integer
---@return integer? window
local function window_of(bufnr)
  local window = vim.api.nvim_get_current_win()
  if vim.api.nvim_win_get_buf(window) ~= bufnr then
    window = vim.fn.bufwinid(bufnr)
  end
  return window ~= -1 and window or nil
end

---@param bufnr integer
---@return integer cells that a line of text has
local function width_of(bufnr)
  local window = window_of(bufnr)
  local info = window and vim.fn.getwininfo(window)[1]
  return math.max(20, info and info.width - info.textoff or vim.o.columns)
end

--- Where the preview can be seen: below the line, or where the window ends there, above the cursor.
---@param bufnr integer
---@param row integer 0-based
---@return integer row
---@return boolean above
---@return integer most how many rows of the answer can be seen there
local function place(bufnr, row)
  local window = window_of(bufnr)
  if not window then
    return row, false, LINES
  end
  local at = vim.fn.screenpos(window, row + 1, 1).row
  local bottom = vim.fn.win_screenpos(window)[1] + vim.api.nvim_win_get_height(window) - 1
  if at > 0 and bottom - at >= ROOM then
    return row, false, math.min(LINES, bottom - at - 1)
  end
  -- Above the first line of a buffer Neovim shows nothing.
  local cursor = vim.api.nvim_win_get_cursor(window)[1] - 1
  return cursor, cursor > 0, LINES
end

--- Start below a line, if that can be seen.
---@param bufnr integer
---@param row integer 0-based
---@param header string
---@return twolane.Preview
function M.near(bufnr, row, header)
  local self = setmetatable({}, Preview)
  self.bufnr, self.header = bufnr, header
  local last = vim.api.nvim_buf_line_count(bufnr) - 1
  self.row, self.above, self.most = place(bufnr, math.min(row, last))
  self.text, self.waiting, self.ended = "", false, false
  self:draw_soon()
  return self
end

--- Say above the text what is going on.
---@param header string
function Preview:say(header)
  self.header = header
  self:draw_soon()
end

--- Show more of the answer.
---@param text string the new piece, cut anywhere
function Preview:add(text)
  self.text = self.text .. text
  self:draw_soon()
end

--- Take everything away, for good.
function Preview:close()
  self.ended = true
  if self.mark and vim.api.nvim_buf_is_valid(self.bufnr) then
    vim.api.nvim_buf_del_extmark(self.bufnr, NAMESPACE, self.mark)
  end
  self.mark = nil
end

---@private
function Preview:draw_soon()
  if self.waiting or self.ended then
    return
  end
  self.waiting = true
  vim.defer_fn(function()
    self.waiting = false
    if not self.ended and vim.api.nvim_buf_is_loaded(self.bufnr) then
      self:draw()
    end
  end, REDRAW_MS)
end

---@private
function Preview:draw()
  local tab, width = (" "):rep(vim.bo[self.bufnr].tabstop), width_of(self.bufnr)
  local lines = self.text == "" and {} or vim.split(self.text, "\r?\n")
  local rows = {} ---@type string[]
  for index = math.max(1, #lines - LINES + 1), #lines do
    vim.list_extend(rows, wrapped(printable(lines[index], tab), width))
  end
  local shown = {} ---@type [string, string][][]
  for _, row in ipairs(wrapped(printable("twolane · " .. self.header, " "), width)) do
    shown[#shown + 1] = { { row, "TwolaneHeader" } }
  end
  for index = math.max(1, #rows - self.most + 1), #rows do
    shown[#shown + 1] = { { rows[index], "TwolanePreview" } }
  end
  local last = vim.api.nvim_buf_line_count(self.bufnr) - 1
  self.mark = vim.api.nvim_buf_set_extmark(self.bufnr, NAMESPACE, math.min(self.row, last), 0, {
    id = self.mark,
    virt_lines = shown,
    virt_lines_above = self.above,
    undo_restore = false,
  })
end

return M
