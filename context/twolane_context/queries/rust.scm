; Captures: see ../captures.py. Earlier patterns win where two find the same node.

(function_item name: (_) @name body: (_)? @body) @callable
(function_signature_item name: (_) @name) @callable
(struct_item name: (_) @name body: (field_declaration_list) @body) @struct
(struct_item name: (_) @name) @struct
(union_item name: (_) @name body: (_)? @body) @struct
(enum_item name: (_) @name body: (_)? @body) @enum
(trait_item name: (_) @name body: (_)? @body) @trait
(mod_item name: (_) @name body: (_)? @body) @module
(type_item name: (_) @name) @type
(associated_type name: (_) @name) @type

; An impl is named by its type: `S` in `impl<T> fmt::Display for a::S<T>`.
(impl_item type: (generic_type type: (scoped_type_identifier name: (_) @name)) body: (_)? @body) @impl
(impl_item type: (generic_type type: (_) @name) body: (_)? @body) @impl
(impl_item type: (scoped_type_identifier name: (_) @name) body: (_)? @body) @impl
(impl_item type: (_) @name body: (_)? @body) @impl

(attribute_item) @attribute
(line_comment) @comment
(block_comment) @comment

(use_declaration) @import
(extern_crate_declaration) @import

(use_declaration argument: (identifier) @bound)
(use_declaration argument: (scoped_identifier name: (identifier) @bound))
(use_list (identifier) @bound)
(use_list (scoped_identifier name: (identifier) @bound))
(use_as_clause alias: (identifier) @bound)
(use_wildcard) @bound.any
; use a::b::{self}
(scoped_use_list path: (identifier) @bound list: (use_list (self)))
(scoped_use_list path: (scoped_identifier name: (identifier) @bound) list: (use_list (self)))
(extern_crate_declaration !alias name: (identifier) @bound)
(extern_crate_declaration alias: (identifier) @bound)
