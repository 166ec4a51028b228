"""The pages: thin scripts that choose and show."""
