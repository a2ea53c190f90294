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
  if not vim.api.nvim_buf_is_loaded(bufnr) then
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

--- Apply an edit, all of it or nothing.
---@param params lsp.ApplyWorkspaceEditParams
---@param context lsp.HandlerContext
---@return lsp.ApplyWorkspaceEditResult
function M.apply(params, context)
  local client = assert(vim.lsp.get_client_by_id(context.client_id))
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
  for _, document in ipairs(documents) do
    new_undo_step(vim.uri_to_bufnr(document.uri))
  end
  local applied, problem =
    pcall(vim.lsp.util.apply_workspace_edit, params.edit, client.offset_encoding)
  for _, document in ipairs(documents) do
    new_undo_step(vim.uri_to_bufnr(document.uri))
  end
  -- Any message makes Neovim send what it holds back of the buffer's changes, so the server sees the
  -- edit alone and can compare it, before the next key is typed.
  client:notify("$/setTrace", { value = "off" })
  return { applied = applied, failureReason = not applied and tostring(problem) or nil }
end

return M
