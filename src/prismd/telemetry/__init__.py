"""Measurements of processes for operators: numbers, and the time that each step took."""
