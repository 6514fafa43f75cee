"""prismd: a self-hosted server for the Prism records API, built around bulk imports that people can trust."""
