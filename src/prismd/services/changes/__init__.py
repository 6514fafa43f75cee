"""Use cases of change sets: take an import or an undo back."""
