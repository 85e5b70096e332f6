"""Spanish: numbers with a decimal point, as dollars are written in them, and as forms and scripts read them."""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
DATE_FORMAT = "j b Y"
DATETIME_FORMAT = "j b Y, H:i"
SHORT_DATE_FORMAT = "j b Y"
SHORT_DATETIME_FORMAT = "j b Y, H:i"

# `M` writes a month with a capital letter, which Spanish has not. Django looks the formats of pages up here as well.
globals().update(
    {each: each.replace("M", "b") for each in ("D j M", "M Y", "j M", "j M Y", "j M Y, H:i", "j M, H:i:s")}
    | {"F Y": r"F \d\e Y"}
)
