; What only JavaScript has; the rest is in ecmascript.scm.

(field_definition
  property: (_) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @method

(field_definition property: (_) @name) @variable
(field_definition value: (new_expression constructor: [(identifier) (member_expression)] @base))
(class_heritage [(identifier) (member_expression)] @base)
