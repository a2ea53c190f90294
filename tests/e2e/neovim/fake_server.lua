-- A language server inside Neovim, for what a real one cannot be made to do at will.
--
-- `start(answers)` returns `cmd` for a client, and the record: `requests`, `notifications` (lists of
-- `{ method, params }`), `ask(method, params)` to send a request to Neovim, `tell(method, params)`
-- for a notification, `die()`.

local M = {}

local CAPABILITIES = {
  positionEncoding = "utf-8",
  textDocumentSync = { openClose = true, change = 2 },
  codeActionProvider = true,
  executeCommandProvider = { commands = { "twolane.run", "twolane.mode" } },
}

function M.start(answers)
  local record = { requests = {}, notifications = {} }
  local function cmd(dispatchers)
    local closing, count = false, 0
    function record.ask(method, params)
      return dispatchers.server_request(method, params)
    end
    function record.tell(method, params)
      dispatchers.notification(method, params)
    end
    function record.die()
      closing = true
      dispatchers.on_exit(1, 0)
    end
    local server = {}
    function server.request(method, params, callback, on_reply)
      count = count + 1
      local id = count
      table.insert(record.requests, { method = method, params = params, id = id })
      local function reply(err, result)
        vim.schedule(function()
          if on_reply then
            on_reply(id)
          end
          callback(err, result)
        end)
      end
      if method == "initialize" then
        reply(nil, { capabilities = CAPABILITIES, serverInfo = { name = "fake", version = "9" } })
      elseif method == "shutdown" then
        reply(nil, vim.NIL)
      elseif answers[method] then
        answers[method](params, reply)
      end
      return true, id
    end
    function server.notify(method, params)
      table.insert(record.notifications, { method = method, params = params })
      if method == "exit" then
        closing = true
        dispatchers.on_exit(0, 15)
      end
      return true
    end
    function server.is_closing()
      return closing
    end
    function server.terminate()
      closing = true
    end
    return server
  end
  function record.sent(method)
    return vim.tbl_filter(function(message)
      return message.method == method
    end, vim.list_extend(vim.list_extend({}, record.requests), record.notifications))
  end
  return cmd, record
end

return M
