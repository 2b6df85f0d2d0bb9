"""DynamoDB's expressions, compiled to functions of an item: conditions, key conditions and updates.

Names and values are written as in common/writes.py: `#word` is the attribute `word`, `:word` the value
`word`. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

Item = dict[str, Any]
Values = Mapping[str, Any]
Condition = Callable[[Item, Values], bool]
Operand = Callable[[Item, Values], Any]
Change = Callable[[Item, Item, Values], None]  # (as it was, as it becomes, values)

MISSING: Any = object()
_TOKEN = re.compile(r"\s*(#\w+|:\w+|<>|<=|>=|[=<>(),+\-.\[\]]|\w+)")
_CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")


class Invalid(Exception):
    """DynamoDB's ValidationException."""


_KINDS = {bool: "BOOL", int: "N", str: "S", dict: "M", list: "L", bytes: "B", type(None): "NULL"}


def kind(value: Any) -> str:
    """The type of a value, in DynamoDB's letters."""
    if isinstance(value, set):
        return f"{kind(next(iter(value)))}S"
    found = _KINDS.get(type(value)) or ("S" if isinstance(value, str) else None)
    if found is None:
        raise Invalid(f"no such type: {type(value).__name__}")
    return found


@cache
def condition(text: str) -> Condition:
    """A condition or key condition."""
    tokens = _Tokens(text)
    found = _either(tokens)
    tokens.end()
    return found


@cache
def update(text: str) -> tuple[Change, ...]:
    """The changes of an update; every right side sees the item as it was."""
    tokens, changes = _Tokens(text), list[Change]()
    while tokens.more():
        clause = tokens.take().upper()
        if clause not in _CLAUSES:
            raise Invalid(f"{clause} begins no clause")
        changes.append(_CHANGES[clause](tokens))
        while tokens.skip(","):
            changes.append(_CHANGES[clause](tokens))
    return tuple(changes)


class _Tokens:
    def __init__(self, text: str) -> None:
        self._found = list[str]()
        at = 0
        while at < len(text.rstrip()):
            match = _TOKEN.match(text, at)
            if not match:
                raise Invalid(f"cannot read {text[at:]!r}")
            self._found.append(match.group(1))
            at = match.end()
        self._at = 0

    def more(self) -> bool:
        return self._at < len(self._found)

    def peek(self) -> str:
        return self._found[self._at] if self.more() else ""

    def take(self) -> str:
        if not self.more():
            raise Invalid("the expression ends too early")
        self._at += 1
        return self._found[self._at - 1]

    def skip(self, *wanted: str) -> str:
        """The next token if it is one of these, whatever its case; else nothing is taken."""
        if self.peek().upper() in wanted:
            return self.take().upper()
        return ""

    def demand(self, wanted: str) -> None:
        if not self.skip(wanted):
            raise Invalid(f"{wanted} expected, not {self.peek()!r}")

    def end(self) -> None:
        if self.more():
            raise Invalid(f"{self.peek()!r} is too much")


# -- conditions ---------------------------------------------------------------------------------


def _either(tokens: _Tokens) -> Condition:
    parts = [_all(tokens)]
    while tokens.skip("OR"):
        parts.append(_all(tokens))
    return parts[0] if len(parts) == 1 else lambda item, values: any(one(item, values) for one in parts)


def _all(tokens: _Tokens) -> Condition:
    parts = [_not(tokens)]
    while tokens.skip("AND"):
        parts.append(_not(tokens))
    return parts[0] if len(parts) == 1 else lambda item, values: all(one(item, values) for one in parts)


def _not(tokens: _Tokens) -> Condition:
    if tokens.skip("NOT"):
        inner = _not(tokens)
        return lambda item, values: not inner(item, values)
    if tokens.skip("("):
        inside = _either(tokens)
        tokens.demand(")")
        return inside
    test = _TESTS.get(tokens.peek().lower())
    if test:
        tokens.take()
        return test(_arguments(tokens))
    return _compared(tokens)


def _arguments(tokens: _Tokens) -> list[Operand]:
    tokens.demand("(")
    found = [_operand(tokens)]
    while tokens.skip(","):
        found.append(_operand(tokens))
    tokens.demand(")")
    return found


def _compared(tokens: _Tokens) -> Condition:
    left = _operand(tokens)
    if tokens.skip("IN"):
        among = _arguments(tokens)
        return lambda item, values: any(_equal(left(item, values), one(item, values)) for one in among)
    if tokens.skip("BETWEEN"):
        low = _operand(tokens)
        tokens.demand("AND")
        high = _operand(tokens)
        return lambda item, values: (
            _ordered(low(item, values), left(item, values), "<=")
            and _ordered(left(item, values), high(item, values), "<=")
        )
    sign = tokens.take()
    right = _operand(tokens)
    if sign == "=":
        return lambda item, values: _equal(left(item, values), right(item, values))
    if sign == "<>":
        return lambda item, values: not _equal(left(item, values), right(item, values))
    if sign not in _SIGNS:
        raise Invalid(f"{sign!r} compares nothing")
    return lambda item, values: _ordered(left(item, values), right(item, values), sign)


def _equal(a: Any, b: Any) -> bool:
    return a is not MISSING and b is not MISSING and kind(a) == kind(b) and bool(a == b)


_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _ordered(a: Any, b: Any, sign: str) -> bool:
    if a is MISSING or b is MISSING:
        return False
    return kind(a) == kind(b) and kind(a) in ("N", "S", "B") and _SIGNS[sign](a, b)


def _begins(a: Any, b: Any) -> bool:
    return isinstance(a, str) and isinstance(b, str) and a.startswith(b)


def _contains(a: Any, b: Any) -> bool:
    return a is not MISSING and b is not MISSING and isinstance(a, str | list | set) and b in a


_TESTS: dict[str, Callable[[list[Operand]], Condition]] = {
    "attribute_exists": lambda of: lambda item, values: of[0](item, values) is not MISSING,
    "attribute_not_exists": lambda of: lambda item, values: of[0](item, values) is MISSING,
    "begins_with": lambda of: lambda item, values: _begins(of[0](item, values), of[1](item, values)),
    "contains": lambda of: lambda item, values: _contains(of[0](item, values), of[1](item, values)),
}

# -- operands -----------------------------------------------------------------------------------


def _operand(tokens: _Tokens) -> Operand:
    word = tokens.peek()
    if word.startswith(":"):
        name = tokens.take()[1:]
        return lambda item, values: values[name]
    if word.lower() == "size":
        tokens.take()
        (of,) = _arguments(tokens)
        return lambda item, values: MISSING if of(item, values) is MISSING else len(of(item, values))
    path = _path(tokens)
    if len(path) == 1:
        only = str(path[0])
        return lambda item, values: item.get(only, MISSING)
    return lambda item, values: _at(item, path)


def _path(tokens: _Tokens) -> tuple[str | int, ...]:
    found: list[str | int] = [_name(tokens)]
    while True:
        if tokens.skip("."):
            found.append(_name(tokens))
        elif tokens.skip("["):
            found.append(int(tokens.take()))
            tokens.demand("]")
        else:
            return tuple(found)


def _name(tokens: _Tokens) -> str:
    word = tokens.take()
    if not word.startswith("#"):
        raise Invalid(f"{word!r} is no name")
    return word[1:]


def _at(item: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        try:
            item = item[step]
        except (KeyError, IndexError, TypeError):
            return MISSING
    return item


# -- updates ------------------------------------------------------------------------------------


def _set(tokens: _Tokens) -> Change:
    path = _path(tokens)
    tokens.demand("=")
    value = _term(tokens)
    sign = tokens.skip("+", "-")
    if not sign:
        return lambda was, new, values: _put(new, path, _present(value(was, values)))
    other = _term(tokens)
    factor = 1 if sign == "+" else -1
    return lambda was, new, values: _put(new, path, _number(value(was, values)) + factor * _number(other(was, values)))


def _term(tokens: _Tokens) -> Operand:
    word = tokens.peek().lower()
    if word == "if_not_exists":
        tokens.take()
        tokens.demand("(")
        path = _path(tokens)
        tokens.demand(",")
        fallback = _term(tokens)
        tokens.demand(")")
        return lambda was, values: fallback(was, values) if _at(was, path) is MISSING else _at(was, path)
    if word == "list_append":
        tokens.take()
        tokens.demand("(")
        first = _term(tokens)
        tokens.demand(",")
        second = _term(tokens)
        tokens.demand(")")
        return lambda was, values: _list(first(was, values)) + _list(second(was, values))
    return _operand(tokens)


def _remove(tokens: _Tokens) -> Change:
    path = _path(tokens)
    return lambda was, new, values: _drop(new, path)


def _add(tokens: _Tokens) -> Change:
    path, value = _path(tokens), _operand(tokens)

    def change(was: Item, new: Item, values: Values) -> None:
        more, before = value(was, values), _at(was, path)
        if isinstance(more, set):
            _put(new, path, set(more) | (set() if before is MISSING else set(before)))
        else:
            _put(new, path, _number(more) + (0 if before is MISSING else _number(before)))

    return change


def _delete(tokens: _Tokens) -> Change:
    path, value = _path(tokens), _operand(tokens)

    def change(was: Item, new: Item, values: Values) -> None:
        before = _at(was, path)
        if before is not MISSING:
            left = set(before) - set(value(was, values))
            _put(new, path, left) if left else _drop(new, path)

    return change


_CHANGES: dict[str, Callable[[_Tokens], Change]] = {"SET": _set, "REMOVE": _remove, "ADD": _add, "DELETE": _delete}


def _put(item: Item, path: Sequence[str | int], value: Any) -> None:
    *way, last = path
    inner: Any = _at(item, way)
    if inner is MISSING:
        raise Invalid("the path leads nowhere")
    if isinstance(inner, list) and isinstance(last, int) and last >= len(inner):
        inner.append(value)
    else:
        inner[last] = value


def _drop(item: Item, path: Sequence[str | int]) -> None:
    *way, last = path
    inner: Any = _at(item, way)
    if isinstance(inner, dict):
        inner.pop(last, None)
    elif isinstance(inner, list) and isinstance(last, int) and last < len(inner):
        del inner[last]


def _present(value: Any) -> Any:
    if value is MISSING:
        raise Invalid("an operand is an attribute that is not there")
    return value


def _number(value: Any) -> int:
    if kind(_present(value)) != "N":
        raise Invalid(f"{kind(value)} is not for sums")
    return int(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(_present(value), list):
        raise Invalid(f"{kind(value)} is not for lists")
    return list(value)
