"""What the data's page shows."""
