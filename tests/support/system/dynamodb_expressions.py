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
UpdateAction = Callable[[Item, Item, Values], None]  # (old item, new item, values)

MISSING: Any = object()
_TOKEN = re.compile(r"\s*(#\w+|:\w+|<>|<=|>=|[=<>(),+\-.\[\]]|\w+)")
_CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")


class InvalidRequest(Exception):
    """DynamoDB's ValidationException."""


_TYPE_CODES = {bool: "BOOL", int: "N", str: "S", dict: "M", list: "L", bytes: "B", type(None): "NULL"}


def type_code(value: Any) -> str:
    """DynamoDB's type code of a value."""
    if isinstance(value, set):
        return f"{type_code(next(iter(value)))}S"
    code = _TYPE_CODES.get(type(value)) or ("S" if isinstance(value, str) else None)
    if code is None:
        raise InvalidRequest(f"unsupported type: {type(value).__name__}")
    return code


@cache
def condition(text: str) -> Condition:
    """Compile a condition or key condition."""
    tokens = _Tokens(text)
    compiled = _or_condition(tokens)
    tokens.expect_end()
    return compiled


@cache
def update(text: str) -> tuple[UpdateAction, ...]:
    """Compile an update expression; operands read the item's state before the update."""
    tokens, changes = _Tokens(text), list[UpdateAction]()
    while tokens.has_more():
        clause = tokens.consume().upper()
        if clause not in _CLAUSES:
            raise InvalidRequest(f"{clause} is not a clause")
        changes.append(_UPDATE_CLAUSES[clause](tokens))
        while tokens.accept(","):
            changes.append(_UPDATE_CLAUSES[clause](tokens))
    return tuple(changes)


class _Tokens:
    def __init__(self, text: str) -> None:
        self._tokens = list[str]()
        at = 0
        while at < len(text.rstrip()):
            match = _TOKEN.match(text, at)
            if not match:
                raise InvalidRequest(f"unexpected input: {text[at:]!r}")
            self._tokens.append(match.group(1))
            at = match.end()
        self._at = 0

    def has_more(self) -> bool:
        return self._at < len(self._tokens)

    def peek(self) -> str:
        return self._tokens[self._at] if self.has_more() else ""

    def consume(self) -> str:
        if not self.has_more():
            raise InvalidRequest("unexpected end of the expression")
        self._at += 1
        return self._tokens[self._at - 1]

    def accept(self, *expected: str) -> str:
        """Consume and return the next token if it is one of these (ignoring case), else return an empty string."""
        if self.peek().upper() in expected:
            return self.consume().upper()
        return ""

    def expect(self, expected: str) -> None:
        if not self.accept(expected):
            raise InvalidRequest(f"{expected} expected, not {self.peek()!r}")

    def expect_end(self) -> None:
        if self.has_more():
            raise InvalidRequest(f"unexpected token: {self.peek()!r}")


# -- conditions ---------------------------------------------------------------------------------


def _or_condition(tokens: _Tokens) -> Condition:
    parts = [_and_condition(tokens)]
    while tokens.accept("OR"):
        parts.append(_and_condition(tokens))
    return parts[0] if len(parts) == 1 else lambda item, values: any(one(item, values) for one in parts)


def _and_condition(tokens: _Tokens) -> Condition:
    parts = [_not_condition(tokens)]
    while tokens.accept("AND"):
        parts.append(_not_condition(tokens))
    return parts[0] if len(parts) == 1 else lambda item, values: all(one(item, values) for one in parts)


def _not_condition(tokens: _Tokens) -> Condition:
    if tokens.accept("NOT"):
        inner = _not_condition(tokens)
        return lambda item, values: not inner(item, values)
    if tokens.accept("("):
        group = _or_condition(tokens)
        tokens.expect(")")
        return group
    test = _CONDITION_FUNCTIONS.get(tokens.peek().lower())
    if test:
        tokens.consume()
        return test(_arguments(tokens))
    return _comparison(tokens)


def _arguments(tokens: _Tokens) -> list[Operand]:
    tokens.expect("(")
    operands = [_operand(tokens)]
    while tokens.accept(","):
        operands.append(_operand(tokens))
    tokens.expect(")")
    return operands


def _comparison(tokens: _Tokens) -> Condition:
    left = _operand(tokens)
    if tokens.accept("IN"):
        candidates = _arguments(tokens)
        return lambda item, values: any(_equal(left(item, values), one(item, values)) for one in candidates)
    if tokens.accept("BETWEEN"):
        low = _operand(tokens)
        tokens.expect("AND")
        high = _operand(tokens)
        return lambda item, values: (
            _ordered(low(item, values), left(item, values), "<=")
            and _ordered(left(item, values), high(item, values), "<=")
        )
    operator = tokens.consume()
    right = _operand(tokens)
    if operator == "=":
        return lambda item, values: _equal(left(item, values), right(item, values))
    if operator == "<>":
        return lambda item, values: not _equal(left(item, values), right(item, values))
    if operator not in _COMPARATORS:
        raise InvalidRequest(f"{operator!r} is not a comparator")
    return lambda item, values: _ordered(left(item, values), right(item, values), operator)


def _equal(a: Any, b: Any) -> bool:
    return a is not MISSING and b is not MISSING and type_code(a) == type_code(b) and bool(a == b)


_COMPARATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _ordered(a: Any, b: Any, operator: str) -> bool:
    if a is MISSING or b is MISSING:
        return False
    return type_code(a) == type_code(b) and type_code(a) in ("N", "S", "B") and _COMPARATORS[operator](a, b)


def _begins_with(a: Any, b: Any) -> bool:
    return isinstance(a, str) and isinstance(b, str) and a.startswith(b)


def _contains(a: Any, b: Any) -> bool:
    return a is not MISSING and b is not MISSING and isinstance(a, str | list | set) and b in a


_CONDITION_FUNCTIONS: dict[str, Callable[[list[Operand]], Condition]] = {
    "attribute_exists": lambda args: lambda item, values: args[0](item, values) is not MISSING,
    "attribute_not_exists": lambda args: lambda item, values: args[0](item, values) is MISSING,
    "begins_with": lambda args: lambda item, values: _begins_with(args[0](item, values), args[1](item, values)),
    "contains": lambda args: lambda item, values: _contains(args[0](item, values), args[1](item, values)),
}

# -- operands -----------------------------------------------------------------------------------


def _operand(tokens: _Tokens) -> Operand:
    token = tokens.peek()
    if token.startswith(":"):
        name = tokens.consume()[1:]
        return lambda item, values: values[name]
    if token.lower() == "size":
        tokens.consume()
        (operand,) = _arguments(tokens)
        return lambda item, values: MISSING if operand(item, values) is MISSING else len(operand(item, values))
    path = _path(tokens)
    if len(path) == 1:
        only = str(path[0])
        return lambda item, values: item.get(only, MISSING)
    return lambda item, values: _value_at(item, path)


def _path(tokens: _Tokens) -> tuple[str | int, ...]:
    path: list[str | int] = [_name(tokens)]
    while True:
        if tokens.accept("."):
            path.append(_name(tokens))
        elif tokens.accept("["):
            path.append(int(tokens.consume()))
            tokens.expect("]")
        else:
            return tuple(path)


def _name(tokens: _Tokens) -> str:
    token = tokens.consume()
    if not token.startswith("#"):
        raise InvalidRequest(f"{token!r} is not an attribute name")
    return token[1:]


def _value_at(item: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        try:
            item = item[step]
        except (KeyError, IndexError, TypeError):
            return MISSING
    return item


# -- updates ------------------------------------------------------------------------------------


def _set(tokens: _Tokens) -> UpdateAction:
    path = _path(tokens)
    tokens.expect("=")
    value = _term(tokens)
    operator = tokens.accept("+", "-")
    if not operator:
        return lambda old, new, values: _set_at(new, path, _require_present(value(old, values)))
    other = _term(tokens)
    factor = 1 if operator == "+" else -1
    return lambda old, new, values: _set_at(
        new, path, _require_number(value(old, values)) + factor * _require_number(other(old, values))
    )


def _term(tokens: _Tokens) -> Operand:
    token = tokens.peek().lower()
    if token == "if_not_exists":
        tokens.consume()
        tokens.expect("(")
        path = _path(tokens)
        tokens.expect(",")
        fallback = _term(tokens)
        tokens.expect(")")
        return lambda old, values: fallback(old, values) if _value_at(old, path) is MISSING else _value_at(old, path)
    if token == "list_append":
        tokens.consume()
        tokens.expect("(")
        first = _term(tokens)
        tokens.expect(",")
        second = _term(tokens)
        tokens.expect(")")
        return lambda old, values: _require_list(first(old, values)) + _require_list(second(old, values))
    return _operand(tokens)


def _remove(tokens: _Tokens) -> UpdateAction:
    path = _path(tokens)
    return lambda old, new, values: _remove_at(new, path)


def _add(tokens: _Tokens) -> UpdateAction:
    path, value = _path(tokens), _operand(tokens)

    def change(old: Item, new: Item, values: Values) -> None:
        addend, before = value(old, values), _value_at(old, path)
        if isinstance(addend, set):
            _set_at(new, path, set(addend) | (set() if before is MISSING else set(before)))
        else:
            _set_at(new, path, _require_number(addend) + (0 if before is MISSING else _require_number(before)))

    return change


def _delete(tokens: _Tokens) -> UpdateAction:
    path, value = _path(tokens), _operand(tokens)

    def change(old: Item, new: Item, values: Values) -> None:
        before = _value_at(old, path)
        if before is not MISSING:
            remaining = set(before) - set(value(old, values))
            _set_at(new, path, remaining) if remaining else _remove_at(new, path)

    return change


_UPDATE_CLAUSES: dict[str, Callable[[_Tokens], UpdateAction]] = {
    "SET": _set,
    "REMOVE": _remove,
    "ADD": _add,
    "DELETE": _delete,
}


def _set_at(item: Item, path: Sequence[str | int], value: Any) -> None:
    *parents, last = path
    container: Any = _value_at(item, parents)
    if container is MISSING:
        raise InvalidRequest("the document path does not exist")
    if isinstance(container, list) and isinstance(last, int) and last >= len(container):
        container.append(value)
    else:
        container[last] = value


def _remove_at(item: Item, path: Sequence[str | int]) -> None:
    *parents, last = path
    container: Any = _value_at(item, parents)
    if isinstance(container, dict):
        container.pop(last, None)
    elif isinstance(container, list) and isinstance(last, int) and last < len(container):
        del container[last]


def _require_present(value: Any) -> Any:
    if value is MISSING:
        raise InvalidRequest("an operand's attribute does not exist")
    return value


def _require_number(value: Any) -> int:
    if type_code(_require_present(value)) != "N":
        raise InvalidRequest(f"{type_code(value)} is not a number")
    return int(value)


def _require_list(value: Any) -> list[Any]:
    if not isinstance(_require_present(value), list):
        raise InvalidRequest(f"{type_code(value)} is not a list")
    return list(value)
