; Captures: see ../captures.py. Earlier patterns win where two find the same node.

(function_declaration name: (_) @name body: (_)? @body) @function
(method_declaration
  receiver: (_ (parameter_declaration type: [
    (type_identifier) @owner
    (generic_type type: (_) @owner)
    (pointer_type [(type_identifier) @owner (generic_type type: (_) @owner)])]))
  name: (_) @name
  body: (_)? @body) @method
(method_declaration name: (_) @name body: (_)? @body) @method
(method_elem name: (_) @name) @method

(type_spec name: (_) @name type: (struct_type (field_declaration_list) @body)) @struct
(type_spec name: (_) @name type: (interface_type "{" @body "}" @body)) @interface
(type_spec name: (_) @name) @type
(type_alias name: (_) @name) @type

; `type S struct {…}` is all of it; in `type ( … )` each line stands for itself.
(type_declaration "type" . [(type_spec) (type_alias)] @wrapped) @wrapper

(import_declaration) @import
(import_spec name: (package_identifier) @bound.module path: (_ (_) @from))
(import_spec name: (dot) @bound.any path: (_ (_) @from))
(import_spec !name path: (_ (_) @bound.path @from))

(source_file (const_declaration (const_spec name: (identifier) @name) @variable))
(source_file (var_declaration (var_spec name: (identifier) @name) @variable))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name) @variable)))
(field_declaration name: (_) @name) @variable
; An embedded type is a field of that name.
(field_declaration !name type: [
  (type_identifier) @name
  (qualified_type name: (_) @name)
  (generic_type type: (type_identifier) @name)]) @variable
(interface_type (type_elem [(type_identifier) @name (qualified_type name: (_) @name)]) @variable)

(_ result: [
  (type_identifier) @base (pointer_type) @base (qualified_type) @base (generic_type) @base
  (slice_type) @base (map_type) @base (channel_type) @base
  (parameter_list (parameter_declaration type: (_) @base))])
(field_declaration type: (_) @base)
(interface_type (type_elem [(type_identifier) (qualified_type)] @base))
(type_spec type: [(type_identifier) (qualified_type) (pointer_type) (slice_type) (map_type)] @base)
(type_alias type: (_) @base)
(var_spec type: (_) @base)
(var_spec value: (expression_list [
  (call_expression function: (_) @base)
  (composite_literal type: (_) @base)
  (unary_expression (composite_literal type: (_) @base))]))
