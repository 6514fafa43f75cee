"""Changes of records: what a change set changed, and how it is taken back."""
