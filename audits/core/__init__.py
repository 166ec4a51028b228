"""The types that every part speaks. Nothing here computes, reads data or draws."""
