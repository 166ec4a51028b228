"""The look of the pages: Streamlit's theme for light and for dark, as configuration."""

from __future__ import annotations

from audits.figures import PALETTE

_SHARED: dict[str, object] = {
    "font": "sans-serif",
    "baseRadius": "0.5rem",
    "baseFontSize": 16,
    "headingFontSizes": ["1.9rem", "1.35rem", "1.1rem"],
    "headingFontWeights": [700, 650, 600],
    "chartCategoricalColors": list(PALETTE),
    "showWidgetBorder": True,
}
_LIGHT: dict[str, object] = {
    "primaryColor": "#1F6AA5",
    "backgroundColor": "#FFFFFF",
    "secondaryBackgroundColor": "#F3F6F9",
    "textColor": "#1B2530",
    "borderColor": "#D5DCE4",
    "linkColor": "#1A5C91",
}
_DARK: dict[str, object] = {
    "primaryColor": "#6DB1E8",
    "backgroundColor": "#12171E",
    "secondaryBackgroundColor": "#1B222C",
    "textColor": "#E7ECF2",
    "borderColor": "#34404E",
    "linkColor": "#8CC4F2",
}


def make_theme_config() -> dict[str, object]:
    """Return the theme as Streamlit's dotted options."""
    options = {f"theme.{name}": value for name, value in _SHARED.items()}
    options |= {f"theme.light.{name}": value for name, value in _LIGHT.items()}
    return options | {f"theme.dark.{name}": value for name, value in _DARK.items()}
