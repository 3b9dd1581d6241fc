"""What a person is told while away: which events are worth it, and how they are sent."""
