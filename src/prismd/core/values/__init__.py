"""Values of properties: the accepted, stored and shown forms."""
