"""Amounts in the JSON that programs print."""

# Members of JSON that are amounts when they are numbers.
AMOUNTS = frozenset(
    "amount own_amount price reserve limit step reference have want runner_up "
    "least p10 median p90 most mean clock_price min_first min_step max_step "
    "buy_now clock_start clock_floor clock_drop".split())


def unnamed_amounts(value, named=False):
    """Objects with an amount that name no currency and exponent, nor does one
    around them (wallet.md W11)."""
    if isinstance(value, list):
        return [bad for one in value for bad in unnamed_amounts(one, named)]
    if not isinstance(value, dict):
        return []
    named = named or {"currency", "exponent"} <= set(value)
    bad = [{name: n} for name, n in value.items()
           if not named and name in AMOUNTS and str(n).isdigit()]
    return bad + [b for one in value.values()
                  for b in unnamed_amounts(one, named)]
