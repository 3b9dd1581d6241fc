"""A stand-in for Kalshi and balldontlie: one seeded NBA evening, pure or served over real sockets.

`evening.generate` gives the evening as recorded wire texts (demo, stories, tests); `service.serve` plays the
same evening to real clients. Used by `tipoff` and by tests.
"""
