; Captures: see ../captures.py. Earlier patterns win where two find the same node.

(function_declaration name: (_) @name body: (_)? @body) @function
(generator_function_declaration name: (_) @name body: (_)? @body) @function
(class_declaration name: (_) @name body: (_)? @body) @class
(method_definition name: (_) @name body: (_)? @body) @method

; const f = (…) => …
(variable_declarator
  name: (identifier) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @function
(variable_declarator name: (identifier) @name value: (class body: (_) @body)) @class
; exports.f = function …
(assignment_expression
  left: (member_expression property: (property_identifier) @name)
  right: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @function

; What has no name of its own is called `default`, as those who import it do.
(export_statement "default" @name value: (arrow_function body: (_) @body)) @function
(export_statement "default" @name value: (function_expression !name body: (_) @body)) @function
(export_statement "default" @name value: (generator_function !name body: (_) @body)) @function
(export_statement "default" @name value: (class !name body: (_) @body)) @class

(lexical_declaration . (variable_declarator) @wrapped .) @wrapper
(variable_declaration . (variable_declarator) @wrapped .) @wrapper
(expression_statement . (assignment_expression) @wrapped .) @wrapper
(export_statement declaration: (_) @wrapped) @wrapper

(comment) @comment

(import_statement) @import
; No `(_ …)` around it: such a pattern finds nothing where each node is asked for by itself.
([
  (lexical_declaration
    (variable_declarator value: (call_expression function: (identifier) @_require)))
  (variable_declaration
    (variable_declarator value: (call_expression function: (identifier) @_require)))
] @import
  (#same? @_require "require"))

(import_clause (identifier) @bound)
(namespace_import (identifier) @bound)
(import_specifier !alias name: (_) @bound)
(import_specifier alias: (_) @bound)
((variable_declarator
  name: [
    (identifier) @bound
    (object_pattern (shorthand_property_identifier_pattern) @bound)
    (object_pattern (pair_pattern value: (identifier) @bound))
  ]
  value: (call_expression function: (identifier) @_require))
  (#same? @_require "require"))
