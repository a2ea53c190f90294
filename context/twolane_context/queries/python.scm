; Captures: see ../captures.py. Earlier patterns win where two find the same node.

(function_definition name: (identifier) @name body: (block)? @body) @callable
(class_definition name: (identifier) @name body: (block)? @body) @class
(type_alias_statement left: (type [(identifier) @name (generic_type . (identifier) @name)])) @type

(decorated_definition definition: (_) @wrapped) @wrapper

(import_statement) @import
(import_from_statement) @import
(future_import_statement) @import
(import_statement name: (dotted_name . (identifier) @bound))
(import_statement name: (aliased_import alias: (identifier) @bound))
(import_from_statement name: (dotted_name . (identifier) @bound))
(import_from_statement name: (aliased_import alias: (identifier) @bound))
(import_from_statement (wildcard_import) @bound.any)
(future_import_statement name: (dotted_name . (identifier) @bound))
(future_import_statement name: (aliased_import alias: (identifier) @bound))
