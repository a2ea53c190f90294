; What only TypeScript has; the rest is in ecmascript.scm.

(public_field_definition
  name: (_) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @method

(import_alias . (identifier) @bound) @import
(import_alias (identifier) @bound . (nested_identifier object: (_) @from property: (_) @of))
(import_require_clause . (identifier) @bound.default (string (string_fragment) @from))

(function_signature name: (_) @name) @function
(method_signature name: (_) @name) @method
(abstract_method_signature name: (_) @name) @method
; What a call of a value calls, or what makes something with it, is called by its bracket.
(call_signature parameters: (_ . "(" @name)) @method
(construct_signature parameters: (_ . "(" @name)) @method
(abstract_class_declaration name: (_) @name body: (_)? @body) @class
(interface_declaration name: (_) @name body: (_)? @body) @interface
(type_alias_declaration name: (_) @name value: (object_type) @body) @type
(type_alias_declaration name: (_) @name) @type
(enum_declaration name: (_) @name body: (_)? @body) @enum
(internal_module name: (_) @name body: (_)? @body) @module
(module name: (_) @name body: (_)? @body) @module

(ambient_declaration (_) @wrapped) @wrapper
(expression_statement . (internal_module) @wrapped .) @wrapper

; A class's decorators belong to `export` or stand in the class body, before what they decorate.
(decorator) @attribute

(program (ambient_declaration (_ (variable_declarator name: (identifier) @name) @variable)))
(public_field_definition name: (_) @name) @variable
(property_signature name: (_) @name) @variable
(enum_body name: (_) @name @variable)
(enum_assignment name: (_) @name) @variable
(internal_module body: (_ (_ (_ (variable_declarator name: (identifier) @name) @variable))))
; constructor(private a: A)
(required_parameter (accessibility_modifier) pattern: (identifier) @name) @field

(extends_clause value: (_) @base)
(implements_clause [(type_identifier) (nested_type_identifier) (generic_type)] @base)
(extends_type_clause type: (_) @base)
(type_alias_declaration value: [
  (type_identifier) (nested_type_identifier) (generic_type) (union_type)
  (array_type) (lookup_type) (type_query)] @base)
(type_alias_declaration value: (conditional_type consequence: (_) @base alternative: (_) @base))
; What a call of a value of such a type gives.
(type_alias_declaration value: (function_type return_type: (_) @base))
(intersection_type [(type_identifier) (nested_type_identifier) (generic_type)] @base)
(function_declaration return_type: (_ (_) @base))
(function_signature return_type: (_ (_) @base))
(call_signature return_type: (_ (_) @base))
(construct_signature type: (_ (_) @base))
(method_definition return_type: (_ (_) @base))
(method_signature return_type: (_ (_) @base))
(abstract_method_signature return_type: (_ (_) @base))
(arrow_function return_type: (_ (_) @base))
(public_field_definition type: (_ (_) @base))
(public_field_definition value: (_ [
  constructor: [(identifier) (member_expression)] @base
  function: [(identifier) (member_expression)] @base]))
(property_signature type: (_ (_) @base))
(variable_declarator type: (_ (_) @base))
(required_parameter (accessibility_modifier) type: (_ (_) @base))
