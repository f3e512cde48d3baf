"""What all optimizers share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autograd import Value
from autograd.errors import ArgumentError, OperandError
from nn.arguments import listed, nearest, real
from nn.optim.rule import numbers_in_last_line, state_of, update

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nn.optim.rule import Line


class Optimizer:
    """
    Moves parameters against their gradients; a subclass states the rule.

    Parameters
    ----------
    parameters
        The leaves to update; or groups of them, each a dict with ``params`` and options of its own.
    **defaults
        The options of groups that do not say otherwise.

    Raises
    ------
    TypeError
        A parameter is not a Value, or an option is not a number.
    ValueError
        There are no parameters, one of them is not a leaf, or an option is out of bounds.
    """

    #: What the state is at first, where it is not 0.
    initial: str | None = None

    def __init__(self, parameters: Iterable[Value] | Iterable[dict[str, Any]], **defaults: Any) -> None:
        name = type(self).__name__
        if not hasattr(parameters, "__iter__"):
            advice = "; write model.parameters()" if hasattr(parameters, "parameters") or callable(parameters) else ""
            msg = f"{name}: parameters must be a list of Values, not {type(parameters).__name__}{advice}"
            raise OperandError(msg)
        given: list[Any] = list(parameters)
        if not given:
            msg = f"{name}: parameters must not be empty"
            raise ArgumentError(msg)
        self.defaults = defaults
        self.check({"params": [], **defaults})
        #: The groups, each a dict with ``params`` and its options; a changed option holds from the next step on.
        self.param_groups: list[dict[str, Any]] = []
        self._state: list[dict[str, Any]] = []
        for group in given if isinstance(given[0], dict) else [{"params": given}]:
            self.add_param_group(group)

    # ------------------------------------------------------------------ what a subclass says

    def rule(self, group: dict[str, Any]) -> tuple[Line, ...]:
        """
        Give the rule for a group's options, as `nn.optim.rule` describes it.

        Parameters
        ----------
        group
            With all options.

        Returns
        -------
        tuple of (str, str)
        """
        raise NotImplementedError

    def settings(self, group: dict[str, Any]) -> dict[str, float]:
        """
        Give the numbers that the rule calls by letters.

        Parameters
        ----------
        group
            With all options.

        Returns
        -------
        dict of str to float
        """
        return {"η": group["lr"], "λ": group["weight_decay"]}

    def check(self, group: dict[str, Any]) -> None:
        """
        See that the options of a group can be used, and make floats of them.

        Parameters
        ----------
        group
            With all options.

        Raises
        ------
        TypeError, ValueError
            An option is not a number, or out of bounds.
        """
        for name in ("lr", "weight_decay"):
            group[name] = real(group[name], f"{type(self).__name__}: {name}", 0.0)

    @staticmethod
    def decayed(group: dict[str, Any]) -> tuple[tuple[Line, ...], str]:
        """
        Give the lines of weight decay as a part of the gradient, and the name of the gradient after them.

        Parameters
        ----------
        group
            With all options.

        Returns
        -------
        tuple, str
        """
        return ((("g", "grad + λ*w"),), "g") if group["weight_decay"] else ((), "grad")

    # ------------------------------------------------------------------ parameters

    @property
    def parameters(self) -> list[Value]:
        """All parameters, group by group."""
        return [parameter for group in self.param_groups for parameter in group["params"]]

    @property
    def lr(self) -> float:
        """The learning rate, of the first group; setting it sets that of all."""
        return self.param_groups[0]["lr"]  # type: ignore[no-any-return]

    @lr.setter
    def lr(self, lr: float) -> None:
        checked = real(lr, f"{type(self).__name__}: lr", 0.0)
        for group in self.param_groups:
            group["lr"] = checked

    def add_param_group(self, group: dict[str, Any]) -> None:
        """
        Take on more parameters.

        Parameters
        ----------
        group
            ``params``, and the options that are to differ from the optimizer's.

        Raises
        ------
        TypeError, ValueError
            As for the optimizer; or one of the parameters is in another group already.
        """
        name = type(self).__name__
        if not isinstance(group, dict) or "params" not in group:
            msg = f"{name}: a group must be a dict with 'params' and options, not {group!r}"
            raise OperandError(msg)
        for option in group:
            if option not in {"params", *self.defaults}:
                msg = f"{name}: options are {listed(self.defaults)}, not {option!r}{nearest(option, self.defaults)}"
                raise ArgumentError(msg)
        given = group["params"]
        full = {**self.defaults, **group, "params": [given] if isinstance(given, Value) else list(given)}
        if not full["params"]:
            msg = f"{name}: a group's params must not be empty"
            raise ArgumentError(msg)
        taken = set(self.parameters)
        for parameter in full["params"]:
            self._check_leaf(parameter)
            if parameter in taken:
                msg = f"{name}: a parameter must be given once, but {parameter!r} is there twice"
                raise ArgumentError(msg)
            taken.add(parameter)
        self.check(full)
        self.param_groups.append(full)
        self._state.append({"t": 0})

    def _check_leaf(self, parameter: Any) -> None:
        name = type(self).__name__
        if not isinstance(parameter, Value):
            msg = f"{name}: a parameter must be a Value, not {type(parameter).__name__} {parameter!r}"
            raise OperandError(msg)
        if parameter.op:
            msg = (
                f"{name}: a parameter must be a leaf, but {parameter!r} is the result of {parameter.op}: change "
                "p.data, as in p.data -= lr * p.grad; p -= lr * p.grad makes a new node"
            )
            raise ArgumentError(msg)

    # ------------------------------------------------------------------ updating

    def step(self) -> None:
        """
        Move every parameter by the rule.

        Raises
        ------
        TypeError, ValueError
            A parameter has become the result of an operation. Nothing has moved then.
        """
        moves = []
        for group, state in zip(self.param_groups, self._state, strict=True):
            parameters = group["params"]
            for parameter in parameters:
                if not isinstance(parameter, Value) or parameter.op:
                    self._check_leaf(parameter)
            rule, settings = self.rule(group), self.settings(group)
            kept = state_of(rule, tuple(settings))
            columns = [self._kept(state, name, group) for name in kept]
            rows = zip(
                [parameter.data for parameter in parameters],
                [parameter.grad for parameter in parameters],
                *columns,
                strict=True,
            )
            new = update(rule, tuple(settings))(state["t"] + 1, *settings.values(), rows)
            moves.append((parameters, state, kept, list(zip(*new, strict=True))))
        for parameters, state, kept, (numbers, *kept_columns) in moves:
            for parameter, number in zip(parameters, numbers, strict=True):
                parameter.data = number
            state["t"] += 1
            state.update({name: list(column) for name, column in zip(kept, kept_columns, strict=True)})

    def explain(self, parameter: Value, grad: float) -> tuple[str, dict[str, float]]:
        """
        Tell what `step` would do to a parameter, without doing it.

        Parameters
        ----------
        parameter
            One of the parameters.
        grad
            Its gradient.

        Returns
        -------
        formula, numbers
            The text of the new value, and the number for each name in it: ``w`` is the parameter, ``grad`` its
            gradient.

        Raises
        ------
        ValueError
            It is not one of the parameters.

        Examples
        --------
        >>> import nn
        >>> w = Value(1.0)
        >>> nn.SGD([w], lr=0.1).explain(w, 2.0)
        ('w - η*grad', {'w': 1.0, 'η': 0.1, 'grad': 2.0})
        """
        for group, state in zip(self.param_groups, self._state, strict=True):
            for place, each in enumerate(group["params"]):
                if each is parameter:
                    rule, settings = self.rule(group), self.settings(group)
                    kept = {name: self._kept(state, name, group)[place] for name in state_of(rule, tuple(settings))}
                    known = {"w": parameter.data, "grad": grad, "t": state["t"] + 1, **settings, **kept}
                    return rule[-1][1], numbers_in_last_line(rule, known)
        msg = f"{type(self).__name__}: {parameter!r} is not one of the parameters"
        raise ArgumentError(msg)

    def _kept(self, state: dict[str, Any], name: str, group: dict[str, Any]) -> list[float]:
        """Give what is kept under a name, for each parameter of a group."""
        start = group[self.initial] if self.initial else 0.0
        return state.get(name) or [start] * len(group["params"])

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to 0.0."""
        for parameter in self.parameters:
            parameter.grad = 0.0

    # ------------------------------------------------------------------ state

    def state_dict(self) -> dict[str, Any]:
        """
        Give all that a step depends on, beside the parameters: options, and what is kept for each parameter.

        Returns
        -------
        dict
            Of numbers, strings, lists and dicts; the parameters themselves are counted through.
        """
        start, groups = 0, []
        for group in self.param_groups:
            count = len(group["params"])
            options = {key: list(option) if isinstance(option, tuple) else option for key, option in group.items()}
            groups.append({**options, "params": list(range(start, start + count))})
            start += count
        state = [{name: kept if name == "t" else list(kept) for name, kept in each.items()} for each in self._state]
        return {"optimizer": type(self).__name__, "param_groups": groups, "state": state}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """
        Go on where another optimizer was.

        Parameters
        ----------
        state
            As `state_dict` gave it.

        Raises
        ------
        TypeError, ValueError
            It is not the state of such an optimizer with as many parameters. Nothing has been changed then.
        """
        name = type(self).__name__
        if not isinstance(state, Mapping) or not {"optimizer", "param_groups", "state"} <= set(state):
            msg = f"{name}: the state must be a dict, as state_dict() gives it, not {type(state).__name__}"
            raise OperandError(msg)
        if state["optimizer"] != name:
            msg = f"{name}: the state is that of {state['optimizer']}"
            raise ArgumentError(msg)
        counts = [len(group["params"]) for group in state["param_groups"]]
        own = [len(group["params"]) for group in self.param_groups]
        if counts != own:
            msg = f"{name}: the state is that of groups of {counts} parameters, not of {own}"
            raise ArgumentError(msg)
        groups = []
        for group, saved, kept in zip(self.param_groups, state["param_groups"], state["state"], strict=True):
            wrong = [key for key, column in kept.items() if key != "t" and len(column) != len(group["params"])]
            if set(saved) != set(group) or wrong:
                what = f"there are not as many {wrong[0]} as parameters" if wrong else "it has other options"
                msg = f"{name}: the state is damaged: {what}"
                raise ArgumentError(msg)
            options = {key: tuple(option) if isinstance(option, list) else option for key, option in saved.items()}
            groups.append({**options, "params": group["params"]})
            self.check(groups[-1])
        for group, new in zip(self.param_groups, groups, strict=True):
            group.update(new)
        self._state = [
            {key: kept if key == "t" else list(map(float, kept)) for key, kept in each.items()}
            for each in state["state"]
        ]

    def __repr__(self) -> str:
        groups = "; ".join(
            ", ".join([
                *(f"{key}={option!r}" for key, option in group.items() if key != "params"),
                f"{len(group['params'])} parameters",
            ])
            for group in self.param_groups
        )  # fmt: skip
        return f"{type(self).__name__}({groups})"
