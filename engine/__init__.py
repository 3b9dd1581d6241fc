"""The rules of trading as values and functions: units, books, odds, fees, orders, risk and strategies.

Used by everybody. Reads no clock, draws no random number and touches neither files nor sockets: time, seeds
and ids come in as arguments.
"""
