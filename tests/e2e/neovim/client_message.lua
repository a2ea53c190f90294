-- What the server says is shown in its own words, and what comes at once, at once.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local cmd, server = dofile(t.given.fake).start({})
  vim.lsp.config("twolane", { cmd = cmd })
  t.open(t.given.file)
  local shown = {}
  vim.notify = function(message, level)
    table.insert(shown, { message, level })
  end
  local function say(type, message)
    server.tell("window/showMessage", { type = type, message = message })
  end
  say(2, "twolane: one")
  say(1, "twolane: two")
  say(3, "twolane: three")
  t.wait("a message", function()
    return #shown > 0
  end)
  t.pause(100)
  t.equal(shown, { { "twolane: one\ntwolane: two\ntwolane: three", vim.log.levels.ERROR } }, "together")
  say(3, "twolane: four")
  t.wait("another message", function()
    return #shown == 2
  end)
  t.equal(shown[2], { "twolane: four", vim.log.levels.INFO }, "alone")
end)
