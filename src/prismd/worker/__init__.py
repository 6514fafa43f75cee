"""The process that does import work: taking turns, and upkeep."""
