"""Limits of one server: connections, rates, bodies, answers, and threads that teams share."""
