"""JSON texts: their bounds, exact decoding, and splitting without decoding."""
