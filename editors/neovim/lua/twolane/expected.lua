-- `twolane/expected`: what files must hold for the edit that comes next. A version tells nothing of a
-- file that is not open, that is to be deleted or made, or of a buffer that was read anew.

local M = {}

local noted = {} ---@type table<integer, { uri: string, sha256?: string }[]> by client

--- Keep it until the edit comes.
---@param params { files: { uri: string, sha256?: string }[] }
---@param context lsp.HandlerContext
function M.note(params, context)
  noted[context.client_id] = params.files
end

--- As the server counts: no byte order mark, each line ending a line feed, none behind the last line.
---@param text string
---@return string
local function fingerprint(text)
  text = text:gsub("^\239\187\191", ""):gsub("\r\n", "\n"):gsub("\n$", ""):gsub("%z", "\n")
  return vim.fn.sha256(text)
end

--- What a person would say the file holds, in its buffer and on disk; a buffer with changes that are
--- not written differs from the disk by itself, and of what is only edited the buffer alone matters.
---@param uri string
---@param moves boolean whether the file itself is moved or deleted
---@return (string|false)[]
local function texts(uri, moves)
  local bufnr, found = vim.uri_to_bufnr(uri), {}
  local loaded = vim.api.nvim_buf_is_loaded(bufnr)
  if loaded then
    local lines = vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
    found[1] = table.concat(lines, "\n") .. "\n"
  end
  if not loaded or (moves and not vim.bo[bufnr].modified) then
    found[#found + 1] = require("twolane.disk").read(vim.uri_to_fname(uri)) or false
  end
  return found
end

---@param one { uri: string, sha256?: string }
---@param moved table<string, boolean>
---@return boolean
local function holds(one, moved)
  if type(one.sha256) ~= "string" then
    local loaded = vim.api.nvim_buf_is_loaded(vim.uri_to_bufnr(one.uri))
    return not loaded and vim.uv.fs_lstat(vim.uri_to_fname(one.uri)) == nil
  end
  return vim.iter(texts(one.uri, moved[one.uri] or false)):all(function(text)
    return text and fingerprint(text) == one.sha256
  end)
end

--- Whether all files are what this client's edit was made for. It is asked once for an edit.
---@param edit lsp.WorkspaceEdit
---@param client_id integer
---@return boolean
function M.all_hold(edit, client_id)
  local files, moved = noted[client_id] or {}, {}
  noted[client_id] = nil
  for _, change in ipairs(edit.documentChanges or {}) do
    moved[change.oldUri or change.kind == "delete" and change.uri or ""] = true
  end
  return vim.iter(files):all(function(one)
    return holds(one, moved)
  end)
end

return M
