"""What an outcome is worth: odds, their margin taken out, and the fair value that opinions add up to."""
