"""What belongs to no service: health, and the answer to what is not there."""
