"""How the constants of `engine.win_probability` were fitted, and what they are worth on games held out.

`python -m benchmarks.win_probability FOLDER` fits them again and prints every table of the manual's page on
the models. It needs the folder of recorded games, and nothing but the standard library beside the project.
"""
