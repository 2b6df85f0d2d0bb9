"""ISO 4217 currency decimals."""

# Currencies whose minor unit is not 1/100.
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
    """Return the number of decimals: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _DIGITS.get(currency, 2)
