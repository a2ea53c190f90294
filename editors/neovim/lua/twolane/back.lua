-- Takes an edit of several files back that Neovim could not carry out to its end.

local M = {}

---@class twolane.Before
---@field states table<integer, integer> where each buffer stood in its undo tree
---@field deleted table<string, string> what files hold that are to be deleted

--- How things stand before an edit.
---@param changes (lsp.TextDocumentEdit|lsp.CreateFile|lsp.RenameFile|lsp.DeleteFile)[]
---@return twolane.Before
function M.note(changes)
  local before = { states = {}, deleted = {} }
  for _, change in ipairs(changes) do
    local bufnr = change.textDocument and vim.uri_to_bufnr(change.textDocument.uri)
    if bufnr and vim.api.nvim_buf_is_loaded(bufnr) then
      before.states[bufnr] = vim.fn.undotree(bufnr).seq_cur
    elseif change.kind == "delete" then
      local path = vim.uri_to_fname(change.uri)
      before.deleted[path] = require("twolane.disk").read(path)
    end
  end
  return before
end

--- Make all of it as it was: what is gone, what was moved, what was made, the texts.
---@param before twolane.Before
---@param changes (lsp.TextDocumentEdit|lsp.CreateFile|lsp.RenameFile|lsp.DeleteFile)[]
function M.take(before, changes)
  for path, text in pairs(before.deleted) do
    local file = not vim.uv.fs_lstat(path) and io.open(path, "wb")
    if file then
      file:write(text)
      file:close()
    end
  end
  for _, change in ipairs(changes) do
    if change.kind == "rename" then
      local old, new = vim.uri_to_fname(change.oldUri), vim.uri_to_fname(change.newUri)
      if vim.uv.fs_lstat(new) and not vim.uv.fs_lstat(old) then
        pcall(vim.lsp.util.rename, new, old)
      end
    elseif change.kind == "create" then
      -- It was made empty, and its text has not been written.
      local stat = vim.uv.fs_lstat(vim.uri_to_fname(change.uri))
      if stat and stat.size == 0 then
        vim.uv.fs_unlink(vim.uri_to_fname(change.uri))
        pcall(vim.api.nvim_buf_delete, vim.uri_to_bufnr(change.uri), { force = true })
      end
    end
  end
  for bufnr, state in pairs(before.states) do
    if vim.api.nvim_buf_is_valid(bufnr) and vim.fn.undotree(bufnr).seq_cur ~= state then
      vim.api.nvim_buf_call(bufnr, function()
        vim.cmd("silent! undo " .. state)
      end)
    end
  end
end

return M
