"""The program: chooses the parts, wires them, starts them, and talks to people, scripts and the system.

The only package that knows all others; nobody imports it.
"""

__version__ = "0.1.0"
