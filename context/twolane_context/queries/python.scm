; Captures: see ../captures.py. Earlier patterns win where two find the same node.

(function_definition name: (identifier) @name body: (block) @body) @callable
(function_definition !body name: (identifier) @name) @callable
(class_definition name: (identifier) @name body: (block) @body) @class
(class_definition !body name: (identifier) @name) @class
(type_alias_statement left: (type [(identifier) @name (generic_type . (identifier) @name)])) @type

(decorated_definition definition: (_) @wrapped) @wrapper

(module (expression_statement (assignment
  left: (identifier) @name right: (call function: [(identifier) (attribute)] @base)?) @variable))
(module (if_statement consequence: (_ (_ (assignment left: (identifier) @name) @variable))))
(module (try_statement (_ (_ (assignment left: (identifier) @name) @variable))))
(module (_ (else_clause (_ (_ (assignment left: (identifier) @name) @variable)))))
(module (_ (except_clause (_ (_ (assignment left: (identifier) @name) @variable)))))
(module (expression_statement (assignment left: (pattern_list (identifier) @name)) @variable))
(class_definition body: (_ (expression_statement (assignment
  left: (identifier) @name right: (call function: [(identifier) (attribute)] @base)?) @variable)))
(assignment
  left: (attribute object: (identifier) @object attribute: (identifier) @name)
  right: (call function: [(identifier) (attribute)] @base)?) @field

(class_definition superclasses: (argument_list [(identifier) (attribute) (subscript)] @base))
(function_definition return_type: (type) @base)
(assignment type: (type) @base)

(import_statement name: (dotted_name . (identifier) @bound.module @from)) @import
(import_statement
  name: (aliased_import name: (dotted_name) @from alias: (identifier) @bound.module)) @import
(import_from_statement
  module_name: (_) @from
  name: (dotted_name . (identifier) @bound)) @import
(import_from_statement
  module_name: (_) @from
  name: (aliased_import name: (_) @of alias: (identifier) @bound)) @import
(import_from_statement module_name: (_) @from (wildcard_import) @bound.any) @import
(future_import_statement name: (dotted_name . (identifier) @bound)) @import
(future_import_statement name: (aliased_import alias: (identifier) @bound)) @import

; What holds statements, see captures.py; so do the bodies of definitions.
(if_statement consequence: (block) @block)
(elif_clause consequence: (block) @block)
(else_clause body: (block) @block)
(for_statement body: (block) @block)
(while_statement body: (block) @block)
(with_statement body: (block) @block)
(try_statement body: (block) @block)
(except_clause (block) @block)
(finally_clause (block) @block)
(match_statement body: (block) @block)
(case_clause consequence: (block) @block)
; a = self.b = c
(assignment right: (assignment) @block)
