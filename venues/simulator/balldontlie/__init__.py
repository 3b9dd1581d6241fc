"""The stand-in of balldontlie: its REST service and the bodies that this service gives."""
