"""One LSP method a file: unpack the request, call one function, translate the answer."""
