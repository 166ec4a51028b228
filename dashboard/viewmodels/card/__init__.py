"""What the card's page shows."""
