-- What every driver begins with: assertions that end Neovim, waiting, and the steps of a user.

local M = {}

M.given = vim.json.decode(vim.env.TWOLANE_GIVEN)

--- Run the driver; the first failed check ends Neovim with status 1 and the message.
function M.drive(steps)
  local passed, problem = xpcall(steps, debug.traceback)
  if not passed then
    local shown = vim.fn.execute("messages")
    io.stderr:write(("\nFAILED: %s\nmessages: %s\n"):format(problem, shown))
    vim.cmd("cquit 1")
  end
  vim.cmd("qall!")
end

function M.check(holds, message)
  if not holds then
    error(message, 2)
  end
end

function M.equal(actual, expected, what)
  if not vim.deep_equal(actual, expected) then
    error(("%s: %s, not %s"):format(what, vim.inspect(actual), vim.inspect(expected)), 2)
  end
end

--- Wait until `holds` returns something true, and return that.
function M.wait(what, holds, milliseconds)
  local value
  local passed = vim.wait(milliseconds or 60000, function()
    value = holds()
    return value
  end, 10)
  if not passed then
    error("waited in vain: " .. what, 2)
  end
  return value
end

--- Let everything that is on its way arrive.
function M.pause(milliseconds)
  vim.wait(milliseconds or 200, function()
    return false
  end, 10)
end

--- Hand values to the Python side.
function M.report(values)
  vim.fn.writefile({ vim.json.encode(values) }, M.given.report)
end

function M.messages()
  return vim.fn.execute("messages")
end

--- Wait for a message that holds `part`.
function M.told(part)
  return M.wait("the message: " .. part, function()
    return M.messages():find(part, 1, true)
  end)
end

--- Open a file and wait for the server; returns the buffer and the client.
function M.open(path)
  vim.cmd.edit(vim.fn.fnameescape(path))
  local bufnr = vim.api.nvim_get_current_buf()
  local client = M.wait("a server for " .. path, function()
    local found = vim.lsp.get_clients({ bufnr = bufnr, name = "twolane" })[1]
    return found and found.initialized and found
  end)
  return bufnr, client
end

--- The text as it would be written, with LF as line end.
function M.text(bufnr)
  return table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), "\n") .. "\n"
end

--- Put the cursor on the first line that holds `part`.
function M.go(part)
  M.check(vim.fn.search("\\V" .. vim.fn.escape(part, "\\"), "cw") > 0, "not in the buffer: " .. part)
end

--- Choose the code action whose title starts with `title`; returns all titles.
--- `range` is as for `vim.lsp.buf.code_action`; without it the cursor counts.
function M.choose(title, range)
  local titles, chosen
  vim.ui.select = function(items, options, on_choice)
    titles = vim.tbl_map(options.format_item, items)
    for _, item in ipairs(items) do
      if title and vim.startswith(item.action.title, title) then
        chosen = true
        return on_choice(item)
      end
    end
    on_choice(nil)
  end
  vim.lsp.buf.code_action({ range = range })
  M.wait("the list of code actions", function()
    return titles or M.messages():find("No code actions available", 1, true)
  end)
  M.check(not title or chosen, "no action named " .. tostring(title) .. " in " .. vim.inspect(titles))
  return titles or {}
end

--- Wait until the menu offers `title`, with any size behind it; before the label is known it says otherwise.
function M.offered(title, range)
  M.wait("the menu to say " .. title, function()
    return vim.iter(M.choose(nil, range)):any(function(offered)
      return vim.startswith(offered, title)
    end)
  end)
end

--- The preview's virtual lines as text, or nil when there are none.
function M.preview(bufnr)
  local namespace = vim.api.nvim_get_namespaces()["twolane.preview"]
  if not namespace or not vim.api.nvim_buf_is_loaded(bufnr) then
    return nil
  end
  local marks = vim.api.nvim_buf_get_extmarks(bufnr, namespace, 0, -1, { details = true })
  if #marks == 0 then
    return nil
  end
  M.equal(#marks, 1, "marks of the preview")
  local lines = vim.tbl_map(function(chunks)
    return chunks[1][1]
  end, marks[1][4].virt_lines)
  return lines, marks[1][2]
end

--- Whether an action is running in the buffer.
function M.busy(bufnr)
  return vim.list_contains(require("twolane.run").buffers(), bufnr)
end

--- Wait until the action is over.
function M.idle(bufnr)
  M.wait("the end of the action", function()
    return not M.busy(bufnr)
  end)
end

return M
