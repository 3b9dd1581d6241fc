"""The rules of trading as values and functions: units, books, odds, fees, orders, risk and strategies.

Everybody may import this package; it imports nobody but the pure part of the standard library and attrs. It
reads no clock, draws no random number and touches neither files nor sockets: time, seeds and ids come in as
arguments.
"""
