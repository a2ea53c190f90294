; Captures: see ../captures.py. Earlier patterns win where two find the same node.

(function_declaration name: (_) @name body: (_)? @body) @function
(generator_function_declaration name: (_) @name body: (_)? @body) @function
(class_declaration name: (_) @name body: (_)? @body) @class
(method_definition name: (_) @name body: (_)? @body) @method

; const f = (…) => …
(variable_declarator name: (identifier) @name value: (class body: (_) @body)) @class
(variable_declarator name: (identifier) @name value: (_ body: (_) @body)) @function
; module.exports = class A {…}
(assignment_expression
  left: (member_expression) right: (class name: (_) @name body: (_) @body)) @class
; exports.f = function …
(assignment_expression
  left: (_ property: (property_identifier) @name)
  right: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @function

; What has no name of its own is called `default`, as those who import it do.
(export_statement "default" @name value: (class !name body: (_) @body)) @class
(export_statement "default" @name value: (_ !name body: (_) @body)) @function

(lexical_declaration . (variable_declarator) @wrapped .) @wrapper
(variable_declaration . (variable_declarator) @wrapped .) @wrapper
(expression_statement . (assignment_expression) @wrapped .) @wrapper
(export_statement declaration: (_) @wrapped) @wrapper

(program (_ (variable_declarator name: (identifier) @name) @variable))
(program (export_statement (_ (variable_declarator name: (identifier) @name) @variable)))
(assignment_expression
  left: (_ object: (this) @object property: (_) @name)) @field
((program (_ (assignment_expression
  left: (_ object: (identifier) @_exports property: (property_identifier) @name)
  right: [(call_expression) (new_expression) (object) (array) (string) (number)]) @variable))
  (#same? @_exports "exports"))

; The type of a value, where it is made or called for.
(program (_ (variable_declarator value: (_ [
  constructor: [(identifier) (member_expression)] @base
  function: [(identifier) (member_expression)] @base]))))
(program (export_statement (_ (variable_declarator value: (_ [
  constructor: [(identifier) (member_expression)] @base
  function: [(identifier) (member_expression)] @base])))))
(assignment_expression
  left: (_ object: (this))
  right: (_ [
    constructor: [(identifier) (member_expression)] @base
    function: [(identifier) (member_expression)] @base]))

(import_statement) @import
(import_statement
  (import_clause (identifier) @bound.default) source: (_ (string_fragment) @from))
(import_statement
  (import_clause (namespace_import (identifier) @bound.module))
  source: (_ (string_fragment) @from))
(import_statement
  (import_clause (named_imports (import_specifier !alias name: (_) @bound)))
  source: (_ (string_fragment) @from))
(import_statement
  (import_clause (named_imports (import_specifier name: (_) @of alias: (_) @bound)))
  source: (_ (string_fragment) @from))

; const a = require("b"), {c, d: e} = require("f"), g = require("h").i
; No `(_ …)` around it: such a pattern finds nothing where each node is asked for by itself.
([
  (lexical_declaration
    (variable_declarator value: (_ function: (identifier) @_require)))
  (variable_declaration
    (variable_declarator value: (_ function: (identifier) @_require)))
] @import
  (#same? @_require "require"))
((lexical_declaration (variable_declarator
    value: (_ object: (_ function: (identifier) @_require)))) @import
  (#same? @_require "require"))
((variable_declarator
  name: [
    (identifier) @bound.default
    (object_pattern [
      (shorthand_property_identifier_pattern) @bound
      (object_assignment_pattern left: (shorthand_property_identifier_pattern) @bound)
      (pair_pattern key: (_) @of value: (identifier) @bound)])
  ]
  value: (_
    function: (identifier) @_require
    arguments: (_ . (string (string_fragment) @from))))
  (#same? @_require "require"))
((variable_declarator
  name: (identifier) @bound
  value: (_
    object: (_
      function: (identifier) @_require
      arguments: (_ . (string (string_fragment) @from)))
    property: (_) @of))
  (#same? @_require "require"))

(export_statement "default" @bound value: (identifier) @of) @export
(export_statement "default" @bound declaration: (_ name: (_) @of)) @export
(export_statement source: (_)) @export
(export_statement "*" @bound.any source: (_ (string_fragment) @from))
(export_statement
  (namespace_export (identifier) @bound.module) source: (_ (string_fragment) @from))
(export_statement
  (export_clause (export_specifier !alias name: (_) @bound))
  source: (_ (string_fragment) @from))
(export_statement
  (export_clause (export_specifier name: (_) @of alias: (_) @bound))
  source: (_ (string_fragment) @from))
(export_statement
  (export_clause (export_specifier name: (_) @of alias: (_) @bound)) !source) @export
; module.exports = a, exports.b = c, module.exports = { d: e }
((assignment_expression
  left: (_
    object: (identifier) @_module property: (property_identifier) @bound.default)
  right: [(identifier) @of (new_expression constructor: (identifier) @of) (class name: (_) @of)]) @export
  (#same? @_module "module"))
((assignment_expression
  left: (_ object: (identifier) @_exports property: (property_identifier) @bound)
  right: (identifier) @of) @export
  (#same? @_exports "exports"))
((assignment_expression
  left: (_ object: (identifier) @_module property: (property_identifier))
  right: (object (pair key: (property_identifier) @bound value: (identifier) @of))) @export
  (#same? @_module "module"))
