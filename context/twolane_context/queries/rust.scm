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
; Macros are names of their own: they belong to what makes them.
(macro_definition "macro_rules!" @owner name: (_) @name) @function

; An impl is named by its type: `S` in `impl<T> fmt::Display for a::S<T>`.
(impl_item type: (generic_type type: (scoped_type_identifier name: (_) @name)) body: (_)? @body) @impl
(impl_item type: (generic_type type: (_) @name) body: (_)? @body) @impl
(impl_item type: (scoped_type_identifier name: (_) @name) body: (_)? @body) @impl
(impl_item type: (_) @name body: (_)? @body) @impl

(attribute_item) @attribute

(use_declaration) @import
(extern_crate_declaration) @import

(scoped_use_list path: (_) @prefix) @scope
(use_declaration argument: (identifier) @bound.module @from)
(use_declaration
  argument: (scoped_identifier path: (_) @from name: (identifier) @bound))
(use_list (identifier) @bound)
(use_list (scoped_identifier path: (_) @from name: (identifier) @bound))
(use_declaration argument: (use_as_clause path: (identifier) @from alias: (_) @bound.module))
(use_list (use_as_clause path: (identifier) @of alias: (identifier) @bound))
(use_as_clause path: (self) alias: (identifier) @bound.module)
(use_as_clause
  path: (scoped_identifier path: (_) @from name: (_) @of) alias: (identifier) @bound)
(use_wildcard (_) @from) @bound.any
(use_wildcard . "*") @bound.any
; use a::b::{self}
(scoped_use_list
  path: [(identifier) @bound.module (scoped_identifier name: (identifier) @bound.module)] @from
  list: (use_list (self)))
(extern_crate_declaration !alias name: (identifier) @bound.module @from)
(extern_crate_declaration name: (identifier) @from alias: (identifier) @bound.module)

[(const_item name: (_) @name) (static_item name: (_) @name)] @variable
(field_declaration name: (_) @name) @variable
(enum_variant name: (_) @name) @variable
(enum_variant body: (ordered_field_declaration_list type: (_) @base))

(impl_item trait: (_) @base)
(trait_item bounds: (trait_bounds (_) @base))
(function_item return_type: (_) @base)
(function_signature_item return_type: (_) @base)
(const_item type: (_) @base)
(static_item type: (_) @base)
(field_declaration type: (_) @base)
(type_item type: (_) @base)
