"""The server's processes: its socket, its web server, the processes that answer, and those who keep them alive."""
