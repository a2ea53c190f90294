; Captures: see ../captures.py. Earlier patterns win where two find the same node.

(class_declaration name: (_) @name body: (_)? @body) @class
(record_declaration name: (_) @name body: (_)? @body) @class
(enum_declaration name: (_) @name body: (_)? @body) @enum
(interface_declaration name: (_) @name body: (_)? @body) @interface
(annotation_type_declaration name: (_) @name body: (_)? @body) @interface
(method_declaration name: (_) @name body: (_)? @body) @method
(constructor_declaration name: (_) @name body: (_)? @body) @method
(compact_constructor_declaration name: (_) @name body: (_)? @body) @method
(annotation_type_element_declaration name: (_) @name) @method
(module_declaration name: (_) @name body: (_)? @body) @module

(field_declaration declarator: (variable_declarator name: (_) @name)) @variable
(constant_declaration declarator: (variable_declarator name: (_) @name)) @variable
(enum_constant name: (_) @name) @variable
(record_declaration parameters: (_ (formal_parameter name: (_) @name) @variable))

(superclass (_) @base)
(super_interfaces (type_list (_) @base))
(extends_interfaces (type_list (_) @base))
(method_declaration
  type: [(type_identifier) (scoped_type_identifier) (generic_type) (array_type)] @base)
(field_declaration
  type: [(type_identifier) (scoped_type_identifier) (generic_type) (array_type)] @base)
(constant_declaration
  type: [(type_identifier) (scoped_type_identifier) (generic_type) (array_type)] @base)

(import_declaration) @import
(import_declaration (scoped_identifier scope: (_) @from name: (_) @bound) . ";")
(import_declaration . (identifier) @bound . ";")
(import_declaration (_) @from . (asterisk) @bound.any)
