"""Video files and pipes to planes with exact times, and back."""
