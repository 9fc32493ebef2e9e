"""What assistants (programs that speak the Model Context Protocol) ask, and what they are told:
numbers that never stand alone."""

#: Where they ask over HTTP.
PATH = "/mcp"
