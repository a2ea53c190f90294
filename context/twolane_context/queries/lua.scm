; Captures: see ../captures.py. Earlier patterns win where two find the same node.

(function_declaration name: (identifier) @name body: (_)? @body) @function
(function_declaration
  name: (dot_index_expression field: (_) @name) body: (_)? @body) @function
(function_declaration
  name: (method_index_expression method: (_) @name) body: (_)? @body) @method

; M.f = function …, local f = function …, { f = function … }
(assignment_statement
  (variable_list . name: [
    (identifier) @name
    (dot_index_expression field: (_) @name)])
  (expression_list . value: (function_definition body: (_)? @body))) @function
(field name: (identifier) @name value: (function_definition body: (_)? @body)) @function

(variable_declaration (assignment_statement) @wrapped) @wrapper

; What is called, other than `require`, may give anything.
(chunk (variable_declaration (assignment_statement
  (variable_list name: (identifier) @name)
  (expression_list value: [
    (table_constructor) (string) (number) (true) (false) (nil) (identifier) (binary_expression)
    (unary_expression) (dot_index_expression table: (_ !arguments))]))) @variable)
((chunk (variable_declaration (assignment_statement
  (variable_list name: (identifier) @name)
  (expression_list value: (function_call name: (_) @_called)))) @variable)
  (#differ? @_called "require"))
(chunk (assignment_statement
  (variable_list name: (dot_index_expression field: (_) @name))) @variable)
(chunk (assignment_statement
  (variable_list name: (identifier) @name)
  (expression_list value: [
    (table_constructor) (string) (number) (true) (false) (nil) (identifier) (binary_expression)
    (unary_expression) (dot_index_expression table: (_ !arguments))])) @variable)

; local x = require("a.b"), also with `.c` behind it, and local ok, x = pcall(require, "a.b")
((variable_declaration (assignment_statement
  (variable_list name: (identifier) @bound.module)
  (expression_list value: [
    (function_call name: (identifier) @_require arguments: (arguments (string content: (_) @from)))
    (function_call arguments: (arguments . (identifier) @_require . (string content: (_) @from)))
  ]))) @import
  (#same? @_require "require"))
((variable_declaration (assignment_statement
  (variable_list name: (identifier) @bound)
  (expression_list value: (dot_index_expression
    table: (function_call
      name: (identifier) @_require arguments: (arguments (string content: (_) @from)))
    field: (_) @of)))) @import
  (#same? @_require "require"))
((chunk (assignment_statement
  (variable_list name: (identifier) @bound.module)
  (expression_list value: (function_call
    name: (identifier) @_require arguments: (arguments (string content: (_) @from))))) @import)
  (#same? @_require "require"))
([(chunk (function_call name: (identifier) @_require arguments: (arguments (string))) @import)
  (block (function_call name: (identifier) @_require arguments: (arguments (string))) @import)]
  (#same? @_require "require"))
