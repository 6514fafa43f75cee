"""What operators read over HTTP: health and metrics."""
