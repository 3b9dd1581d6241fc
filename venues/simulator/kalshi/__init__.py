"""The stand-in of Kalshi: its REST service, its stream, its bodies and signatures."""
