"""JSON texts: bounded, read exactly, cut into members without being read."""
