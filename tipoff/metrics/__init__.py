"""What Prometheus scrapes: figures of the engine, families, exposition and the server that gives them."""
