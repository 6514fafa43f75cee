"""The rules of imports: what a request, a row, a match and a result are."""
