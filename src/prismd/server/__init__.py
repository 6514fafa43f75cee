"""The server's processes: the socket, the web server, API processes, and the supervisor that restarts them."""
