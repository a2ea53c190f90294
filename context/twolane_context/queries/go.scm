; Captures: see ../captures.py. Earlier patterns win where two find the same node.

(function_declaration name: (_) @name body: (_)? @body) @function
(method_declaration name: (_) @name body: (_)? @body) @method
(method_elem name: (_) @name) @method

(type_spec name: (_) @name type: (struct_type (field_declaration_list) @body)) @struct
(type_spec name: (_) @name type: (interface_type "{" @body "}" @body)) @interface
(type_spec name: (_) @name) @type
(type_alias name: (_) @name) @type

; `type S struct {…}` is all of it; in `type ( … )` each line stands for itself.
(type_declaration "type" . [(type_spec) (type_alias)] @wrapped) @wrapper

(comment) @comment
(import_declaration) @import
(import_spec name: (package_identifier) @bound)
(import_spec name: (dot) @bound.any)
(import_spec !name path: (_ (_) @bound.path))
