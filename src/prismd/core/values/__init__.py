"""Values of properties: what is accepted, and in what form it is stored and shown."""
