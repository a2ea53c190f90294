; What only C++ has; the rest is in c.scm, and comes behind this.

; Members: f() {}, &f() {}, ~A() {}, operator==() {}, operator bool() {}.
(function_definition
  declarator: (function_declarator
    declarator: [(field_identifier) (destructor_name) (operator_name)] @name)
  body: (_)? @body) @callable
(function_definition
  declarator: (_ (function_declarator declarator: [(field_identifier) (operator_name)] @name))
  body: (_)? @body) @callable
(function_definition declarator: (operator_cast) @name body: (_)? @body) @callable
(field_declaration_list (field_declaration declarator: [
  (function_declarator declarator: [(field_identifier) (operator_name)] @name)
  (_ (function_declarator declarator: [(field_identifier) (operator_name)] @name))]) @method)
(field_declaration_list (declaration declarator: [
  (function_declarator declarator: (_) @name)
  (operator_cast) @name]) @method)

; Outside their class they have its name before theirs, maybe with namespaces: A::f, n::A<T>::f.
(function_definition
  declarator: [
    (function_declarator declarator: (qualified_identifier name: [
      (identifier) @name (destructor_name) @name (operator_name) @name
      (template_function name: (_) @name)
      (qualified_identifier name: [
        (identifier) @name (destructor_name) @name (operator_name) @name
        (template_function name: (_) @name)
        (qualified_identifier name: [
          (identifier) (destructor_name) (operator_name)] @name)])]))
    (_ (function_declarator declarator: (qualified_identifier name: [
      (identifier) @name (operator_name) @name
      (template_function name: (_) @name)
      (qualified_identifier name: [
        (identifier) @name (operator_name) @name
        (qualified_identifier name: [(identifier) (operator_name)] @name)])])))
    (qualified_identifier name: [
      (operator_cast) @name (qualified_identifier name: (operator_cast) @name)])]
  body: (_)? @body) @method

(function_definition
  declarator: [
    (function_declarator declarator: (template_function name: (_) @name))
    (_ (function_declarator declarator: (template_function name: (_) @name)))]
  body: (_)? @body) @callable
(template_declaration (declaration declarator: [
  (function_declarator declarator: (_) @name)
  (_ (function_declarator declarator: (_) @name))]) @callable)
(friend_declaration (declaration declarator: [
  (function_declarator declarator: (_) @name)
  (_ (function_declarator declarator: (_) @name))]) @function)
(declaration declarator: (init_declarator
  declarator: (identifier) @name value: (lambda_expression body: (_) @body))) @function

; `EXPORT T f(int x);` is mended to `EXPORT T::f(int x);`, which may not stand here.
(translation_unit (declaration declarator:
  (function_declarator declarator: (qualified_identifier name: (identifier) @name))) @function)
(declaration_list (declaration declarator:
  (function_declarator declarator: (qualified_identifier name: (identifier) @name))) @function)
(preproc_ifdef (declaration declarator:
  (function_declarator declarator: (qualified_identifier name: (identifier) @name))) @function)

; `class EXPORT A : B {…}`: a macro makes a function of it, called A, B or `final`.
(function_definition
  type: [(class_specifier !body) (struct_specifier !body)] . (ERROR (identifier) @name) .
  declarator: (qualified_identifier) body: (_) @body) @class
((function_definition
  type: [(class_specifier !body) (struct_specifier !body)] . (ERROR (identifier) @name) .
  declarator: (identifier) @_final body: (_) @body) @class
  (#same? @_final "final"))
(declaration
  type: (class_specifier !body) . (ERROR (identifier) @name) . declarator: (template_function)) @class
(function_definition
  type: (class_specifier !body) declarator: (identifier) @name body: (_) @body) @class
(function_definition
  type: (struct_specifier !body) declarator: (identifier) @name body: (_) @body) @struct
(function_definition type: (class_specifier !body) body: (_ [
  (declaration declarator: [
    (function_declarator declarator: (identifier) @name)
    (_ (function_declarator declarator: (identifier) @name))]) @method
  (labeled_statement (declaration declarator: [
    (function_declarator declarator: (identifier) @name)
    (_ (function_declarator declarator: (identifier) @name))]) @method)]))

; `API(int) f(int x);`: C's grammar knows macros for types, this one breaks in three ways.
(ERROR (function_declarator) . (function_declarator declarator: (identifier) @name) @function)
((ERROR (function_declarator)) . [
  (expression_statement (call_expression function: (identifier) @name))
  (declaration type: (type_identifier) @name declarator: (parenthesized_declarator))
] @function)

(class_specifier name: (template_type name: (_) @name) body: (_) @body) @class
(class_specifier name: (qualified_identifier name: (_) @name) body: (_) @body) @class
(class_specifier name: (_) @name body: (_) @body) @class
(struct_specifier name: (template_type name: (_) @name) body: (_) @body) @struct
(struct_specifier name: (qualified_identifier name: (_) @name) body: (_) @body) @struct
(namespace_definition name: (_) @name body: (_) @body) @module
(alias_declaration name: (_) @name) @type
(concept_definition name: (_) @name) @type

(template_declaration (_) @wrapped) @wrapper
(friend_declaration (_) @wrapped) @wrapper

(base_class_clause [(type_identifier) (qualified_identifier) (template_type)] @base)
(function_definition
  type: [(class_specifier) (struct_specifier)] declarator: (identifier) . (ERROR (identifier) @base))
(function_definition
  type: [(class_specifier) (struct_specifier)] declarator: (qualified_identifier) @base)
(function_definition type: [(qualified_identifier) (template_type)] @base)
(declaration type: [(qualified_identifier) (template_type)] @base)
(field_declaration type: [(qualified_identifier) (template_type)] @base)
(alias_declaration type: (_) @base)

(using_declaration) @import
(using_declaration (qualified_identifier scope: (_) @from name: [
  (identifier) @bound
  (qualified_identifier name: [(identifier) @bound (qualified_identifier name: (_) @bound)])]))
(using_declaration "namespace" (_) @from @bound.any)
