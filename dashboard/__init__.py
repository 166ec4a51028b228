"""The dashboard: views choose and show, viewmodels are pure, words are in one catalogue."""
