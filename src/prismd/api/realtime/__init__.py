"""The realtime stream: tickets, WebSockets, and what is sent on them."""
