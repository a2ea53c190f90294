; What C and C++ share. Captures: see ../captures.py. Earlier patterns win where two find the same.

; A pointer in the return type lies between the definition and its name.
(function_definition
  declarator: (function_declarator declarator: (identifier) @name)
  body: (_)? @body) @callable
(function_definition
  declarator: (_ (function_declarator declarator: (identifier) @name))
  body: (_)? @body) @callable
(function_definition
  declarator: (pointer_declarator (_ (function_declarator declarator: (identifier) @name)))
  body: (_)? @body) @callable

; Prototypes stand outside functions: inside one, C++'s `A a(b);` looks the same, and is a variable.
(translation_unit (declaration declarator: [
  (function_declarator declarator: (identifier) @name)
  (_ (function_declarator declarator: (identifier) @name))
  (pointer_declarator (_ (function_declarator declarator: (identifier) @name)))]) @function)
(preproc_ifdef (declaration declarator: [
  (function_declarator declarator: (identifier) @name)
  (_ (function_declarator declarator: (identifier) @name))
  (pointer_declarator (_ (function_declarator declarator: (identifier) @name)))]) @function)
(preproc_if (declaration declarator: [
  (function_declarator declarator: (identifier) @name)
  (_ (function_declarator declarator: (identifier) @name))
  (pointer_declarator (_ (function_declarator declarator: (identifier) @name)))]) @function)
(preproc_else (declaration declarator: [
  (function_declarator declarator: (identifier) @name)
  (_ (function_declarator declarator: (identifier) @name))
  (pointer_declarator (_ (function_declarator declarator: (identifier) @name)))]) @function)
(preproc_elif (declaration declarator: [
  (function_declarator declarator: (identifier) @name)
  (_ (function_declarator declarator: (identifier) @name))
  (pointer_declarator (_ (function_declarator declarator: (identifier) @name)))]) @function)
(declaration_list (declaration declarator: [
  (function_declarator declarator: (identifier) @name)
  (_ (function_declarator declarator: (identifier) @name))
  (pointer_declarator (_ (function_declarator declarator: (identifier) @name)))]) @function)
(linkage_specification body: (declaration declarator: [
  (function_declarator declarator: (identifier) @name)
  (_ (function_declarator declarator: (identifier) @name))
  (pointer_declarator (_ (function_declarator declarator: (identifier) @name)))]) @function)

; `typedef struct s {…} s;` is one definition; with another name, or none, it defines that one.
((type_definition
  type: (_ name: (_) @_tag body: (_) @body)
  declarator: (type_identifier) @name) @type
  (#differ? @_tag @name))
(type_definition
  type: (struct_specifier !name body: (_) @body) declarator: (type_identifier) @name) @struct
(type_definition
  type: (union_specifier !name body: (_) @body) declarator: (type_identifier) @name) @struct
(type_definition
  type: (enum_specifier !name body: (_) @body) declarator: (type_identifier) @name) @enum
((type_definition
  type: (_ name: (_) @_tag body: (_)) @wrapped
  declarator: (type_identifier) @_name) @wrapper
  (#same? @_tag @_name))
(type_definition type: (_ !body) declarator: [
  (type_identifier) @name
  (pointer_declarator (type_identifier) @name)
  (array_declarator (type_identifier) @name)
  (function_declarator (type_identifier) @name)
  (function_declarator (parenthesized_declarator (_ (type_identifier) @name)))]) @type

(struct_specifier name: (_) @name body: (_) @body) @struct
(union_specifier name: (_) @name body: (_) @body) @struct
(enum_specifier name: (_) @name body: (_) @body) @enum
(preproc_function_def name: (_) @name value: (_)? @body) @function

(linkage_specification body: [(declaration) (function_definition)] @wrapped) @wrapper

(field_declaration declarator: [
  (field_identifier) @name
  (_ [(field_identifier) @name (_ (field_identifier) @name)])
  (function_declarator (parenthesized_declarator (_ (field_identifier) @name)))]) @variable
(declaration declarator: [
  (identifier) @name
  (init_declarator declarator: [
    (identifier) @name (_ [(identifier) @name (_ declarator: (identifier) @name)])])
  (pointer_declarator [(identifier) @name (_ declarator: (identifier) @name)])
  (array_declarator declarator: [(identifier) @name (_ declarator: (identifier) @name)])]) @variable
(enumerator name: (_) @name) @variable
(preproc_def name: (_) @name value: (_)) @variable

(function_definition
  type: [(type_identifier) @base (_ !body name: (_) @base)]
  declarator: [(function_declarator) (_ (function_declarator))])
(declaration type: [(type_identifier) @base (_ !body name: (_) @base)])
(field_declaration type: [(type_identifier) @base (_ !body name: (_) @base)])
(type_definition type: [(type_identifier) @base (_ !body name: (_) @base)])

(preproc_include path: (_) @from @bound.any) @import
