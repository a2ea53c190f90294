; What only TypeScript has; the rest is in ecmascript.scm.

(public_field_definition
  name: (_) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @method

(import_alias . (identifier) @bound) @import
(import_require_clause . (identifier) @bound)

(function_signature name: (_) @name) @function
(method_signature name: (_) @name) @method
(abstract_method_signature name: (_) @name) @method
(abstract_class_declaration name: (_) @name body: (_)? @body) @class
(interface_declaration name: (_) @name body: (_)? @body) @interface
(type_alias_declaration name: (_) @name) @type
(enum_declaration name: (_) @name body: (_)? @body) @enum
(internal_module name: (_) @name body: (_)? @body) @module
(module name: (_) @name body: (_)? @body) @module

(ambient_declaration (_) @wrapped) @wrapper
(expression_statement . (internal_module) @wrapped .) @wrapper

; A class's decorators belong to `export` or stand in the class body, before what they decorate.
(decorator) @attribute
