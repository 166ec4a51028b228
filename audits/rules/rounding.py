"""Rounding as people do it: half up, on exact fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction


def round_half_up(value: Fraction, digits: int) -> Decimal:
    """Return a fraction of at least 0 to `digits` decimals, a half rounded up."""
    scaled = value * 10**digits
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole).scaleb(-digits)


def truncate(value: Fraction, digits: int) -> Decimal:
    """Return a fraction of at least 0 to `digits` decimals, the rest cut off."""
    scaled = value * 10**digits
    return Decimal(scaled.numerator // scaled.denominator).scaleb(-digits)


def render_decimal(value: Decimal) -> str:
    """Return the number with all its decimals, never in scientific form."""
    return f"{value:f}"
