"""The pure part of the import pipeline: rows recognised by the shape of earlier rows."""
