"""What the observer knows of a run: the model that facts and events build, the lines of lists, the views that
are asked for.
"""
