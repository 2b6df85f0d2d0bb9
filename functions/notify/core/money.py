"""How many digits a currency has behind its point."""

# ISO 4217: the currencies whose minor unit is not a hundredth.
_DIGITS = dict.fromkeys(
    (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ),
    0,
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)


def digits_of(currency: str) -> int:
    """2 for EUR, 0 for JPY, 3 for KWD."""
    return _DIGITS.get(currency, 2)
