"""What the observer knows of a run: the model, the lines of its lists, and the views that are asked for."""
