"""How values and names are shown in sentences for people."""
