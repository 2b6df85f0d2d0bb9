"""Amounts as people write them."""

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


def written(amount: int, currency: str) -> str:
    """Minor units as text: 1250 EUR is `12.50 EUR`, 1250 JPY is `1,250 JPY`, 1250 KWD is `1.250 KWD`."""
    digits = _DIGITS.get(currency, 2)
    whole, part = divmod(amount, 10**digits)
    return f"{whole:,}{f'.{part:0{digits}}' if digits else ''} {currency}"
