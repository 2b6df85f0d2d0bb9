"""Who people are: what they are called and how they are reached."""
