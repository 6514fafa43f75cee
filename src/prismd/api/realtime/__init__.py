"""The realtime stream: tickets, WebSockets, and the messages on them."""
