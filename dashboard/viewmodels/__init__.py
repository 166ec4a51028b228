"""What each page shows, worked out without Streamlit."""
