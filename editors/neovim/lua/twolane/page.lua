-- `twolane/page`: a text beside the code, such as an explanation, in a buffer that is no file.

local M = {}

--- The buffer of a page's title, a new one if there is none.
---@param name string
---@return integer
local function buffer_of(name)
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_get_name(bufnr) == name then
      return bufnr
    end
  end
  local bufnr = vim.api.nvim_create_buf(true, true)
  vim.api.nvim_buf_set_name(bufnr, name)
  return bufnr
end

--- Show a page in a window of its own; the cursor stays where it is.
---@param params { uri: string, title: string, language: string, text: string }
function M.show(params)
  -- A title holds names of the code's, and a buffer's name neither line ends nor a path's meaning.
  local bufnr = buffer_of("twolane://" .. params.title:gsub("[%c/\\]", " "))
  vim.bo[bufnr].modifiable = true
  local lines = vim.split(params.text:gsub("\n$", ""), "\n", { plain = true })
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  -- What a model wrote must not set options.
  vim.bo[bufnr].modeline = false
  vim.bo[bufnr].buftype = "nofile"
  vim.bo[bufnr].swapfile = false
  vim.bo[bufnr].filetype = params.language
  if vim.fn.bufwinid(bufnr) == -1 then
    local window = vim.api.nvim_open_win(bufnr, false, { split = "right" })
    vim.wo[window].wrap = true
    vim.wo[window].linebreak = true
  end
end

return M
