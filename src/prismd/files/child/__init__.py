"""A process of its own for files that could crash or fill the process that reads them."""
