"""What must come out as it did while recording: the comparisons that decided which way the code went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.errors import GuardError, StaleGraphError
from autograd.primitives import COMPARISONS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.program.graph import Compared
    from autograd.program.tape import Tape

_OPS = {symbol: function.__name__ for symbol, function in COMPARISONS.items()}


class Guard(NamedTuple):
    """
    A comparison that a program depends on.

    Parameters
    ----------
    place
        Of its outcome on the tape.
    compared
        What was compared while recording, and what came out.
    """

    place: int
    compared: Compared

    @property
    def outcome(self) -> bool:
        """What came out while recording."""
        return self.compared.outcome

    @property
    def text(self) -> str:
        """What was compared, and the line that did it."""
        return self.compared.text

    def check(self, outcomes: Any, numbers_at: Callable[[int], Sequence[float] | None]) -> None:
        """
        See that a comparison comes out as recorded, for each example.

        Parameters
        ----------
        outcomes
            An array.
        numbers_at
            Gives the numbers of all nodes at an example, if they can be had, to tell what is compared there.

        Raises
        ------
        GuardError
            For an example it does not.
        """
        wrong = (outcomes != self.outcome).nonzero()[0]
        if len(wrong):
            example, one = int(wrong[0]), self.compared
            numbers = numbers_at(example)
            here = ""
            if numbers is not None:
                left, right = numbers[one.left], numbers[one.right]
                here = f"; there {left:.4g} {one.operator} {right:.4g} is {not one.outcome}"
            msg = (
                f"example {example} would go another way than the recording: {self.text}{here}; "
                "choose with where, maximum or relu, which are part of the program, or record a function with "
                'on_guard="record"'
            )
            raise GuardError(msg, example)


def put_guards(tape: Tape, comparisons: Sequence[Compared], place: Sequence[int]) -> list[Guard]:
    """
    Append comparisons to a tape.

    Parameters
    ----------
    tape
        Where to.
    comparisons
        Those made while recording.
    place
        Where the nodes are.

    Returns
    -------
    list of Guard
        Those that may come out otherwise.

    Raises
    ------
    RuntimeError
        One has come out otherwise already, since a leaf has another number by now.
    """
    guards: list[Guard] = []
    for one in comparisons:
        at = tape.emit(_OPS[one.operator], place[one.left], place[one.right])
        if tape.instructions[at].op == "constant":
            if tape.instructions[at].operands[0] != one.outcome:
                msg = (
                    f"record: the data of a leaf was changed after the graph was made: {one.text}, and would be no "
                    "longer"
                )
                raise StaleGraphError(msg)
        elif all(at != guard.place for guard in guards):
            guards.append(Guard(at, one))
    return guards
