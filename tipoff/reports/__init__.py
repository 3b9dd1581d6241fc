"""What a run gave, as a document and as a page; used by replays, live runs and `tipoff report`."""
