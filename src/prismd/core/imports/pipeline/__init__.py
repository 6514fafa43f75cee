"""The pure part of the import pipeline: recognising rows by the shape of earlier rows."""
