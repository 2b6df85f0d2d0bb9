"""What belongs to no service: health, API documentation and the default route."""
