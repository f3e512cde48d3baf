"""What must come out as it did while recording: the comparisons that decided which way the code went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.errors import GuardError, StaleGraphError
from autograd.primitives import COMPARISONS

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    outcome
        What came out while recording.
    text
        What was compared, and the line that did it.
    """

    place: int
    outcome: bool
    text: str

    def check(self, outcomes: Any) -> None:
        """
        See that a comparison comes out as recorded, for each example.

        Parameters
        ----------
        outcomes
            An array.

        Raises
        ------
        GuardError
            For an example it does not.
        """
        wrong = (outcomes != self.outcome).nonzero()[0]
        if len(wrong):
            msg = (
                f"example {wrong[0]} would go another way than the recording: {self.text}; choose with where, "
                'maximum or relu, which are part of the program, or record a function with on_guard="record"'
            )
            raise GuardError(msg, int(wrong[0]))


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
            guards.append(Guard(at, one.outcome, one.text))
    return guards
