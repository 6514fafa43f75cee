"""What processes tell of themselves to who operates them: numbers, and where time went."""
