-- `workspace/applyEdit` for twolane's edits, refusing a stale one and saying so.
--
-- Neovim's own handler answers `applied` for an edit it dropped, and does not check the version of a
-- document that has not changed since it was opened (its version is 0) or that was read anew.

local M = {}

---@param bufnr integer
local function new_undo_step(bufnr)
  -- Setting 'undolevels', even to what it is, ends the undo step (see `:help undo-break`). Without
  -- it the edit could share one with what was typed just before or after.
  vim.bo[bufnr].undolevels = vim.bo[bufnr].undolevels
end

--- Why an edit of one document must not be applied, or nil.
---@param document { uri: string, version?: integer }
---@return string?
local function stale(document)
  local bufnr = vim.uri_to_bufnr(document.uri)
  local loaded = vim.api.nvim_buf_is_loaded(bufnr)
  if type(document.version) ~= "number" then
    -- The server read it from disk, or it is to be made. A buffer that it does not know of may differ.
    return loaded and vim.bo[bufnr].modified and "a buffer has changes that are not written" or nil
  end
  if not loaded then
    return "the buffer is not loaded any more"
  end
  local version = document.version
  if type(version) == "number" and vim.lsp.util.buf_versions[bufnr] ~= version then
    return "the buffer changed meanwhile"
  end
  if require("twolane.run").touched(bufnr) then
    return "the buffer changed meanwhile"
  end
end

--- A file that was made gets its text put before the empty line that it begins with, and Neovim leaves
--- that line at its end.
---@param uri string
local function without_first_line(uri)
  local bufnr = vim.uri_to_bufnr(uri)
  local count = vim.api.nvim_buf_is_loaded(bufnr) and vim.api.nvim_buf_line_count(bufnr) or 0
  if count > 1 and vim.api.nvim_buf_get_lines(bufnr, -2, -1, false)[1] == "" then
    vim.bo[bufnr].endofline = true
    vim.api.nvim_buf_set_lines(bufnr, -2, -1, false, {})
  end
end

--- Behind the last line Neovim appends lines, so the end of a text that comes to stand there would
--- become an empty line more.
---@param change { textDocument: { uri: string }, edits: lsp.TextEdit[] }
local function fit_to_end(change)
  local bufnr = vim.uri_to_bufnr(change.textDocument.uri)
  vim.fn.bufload(bufnr)
  local count = vim.api.nvim_buf_line_count(bufnr)
  for _, edit in ipairs(change.edits) do
    if edit.range.start.line >= count then
      edit.newText = edit.newText:gsub("\r?\n$", "")
    end
  end
end

--- Have the server hear of a buffer that Neovim has loaded for an edit: a server that is not at home in
--- its language (a README's) would look on disk, where nothing has changed yet.
---@param bufnr integer
---@param client vim.lsp.Client
local function follow(bufnr, client)
  if vim.api.nvim_buf_is_loaded(bufnr) and not client.attached_buffers[bufnr] then
    vim.lsp.buf_attach_client(bufnr, client.id)
  end
end

--- Apply an edit, all of it or nothing.
---@param params lsp.ApplyWorkspaceEditParams
---@param context lsp.HandlerContext
---@return lsp.ApplyWorkspaceEditResult
function M.apply(params, context)
  local client = assert(vim.lsp.get_client_by_id(context.client_id))
  local as_expected = require("twolane.expected").all_hold(params.edit, client.id)
  local documents = {} ---@type { uri: string, version?: integer }[]
  for _, change in ipairs(params.edit.documentChanges or {}) do
    documents[#documents + 1] = change.textDocument
  end
  for uri in pairs(params.edit.changes or {}) do
    documents[#documents + 1] = { uri = uri }
  end
  for _, document in ipairs(documents) do
    local reason = stale(document)
    if reason then
      return { applied = false, failureReason = reason }
    end
  end
  if not as_expected then
    return { applied = false, failureReason = "a file changed meanwhile" }
  end
  for _, change in ipairs(params.edit.documentChanges or {}) do
    if change.textDocument and vim.uv.fs_stat(vim.uri_to_fname(change.textDocument.uri)) then
      fit_to_end(change)
    end
  end
  for _, document in ipairs(documents) do
    new_undo_step(vim.uri_to_bufnr(document.uri))
  end
  local changes = params.edit.documentChanges or {}
  local before = require("twolane.back").note(changes)
  local applied, problem =
    pcall(vim.lsp.util.apply_workspace_edit, params.edit, client.offset_encoding)
  if not applied then
    require("twolane.back").take(before, changes)
  end
  for _, change in ipairs(params.edit.documentChanges or {}) do
    if applied and change.kind == "create" then
      without_first_line(change.uri)
    end
  end
  for _, document in ipairs(documents) do
    new_undo_step(vim.uri_to_bufnr(document.uri))
  end
  for _, document in ipairs(documents) do
    follow(vim.uri_to_bufnr(document.uri), client)
  end
  -- Any message makes Neovim send what it holds back of the buffer's changes, so the server sees the
  -- edit alone and can compare it, before the next key is typed.
  client:notify("$/setTrace", { value = "off" })
  return { applied = applied, failureReason = not applied and tostring(problem) or nil }
end

return M
