"""
Runs the interpreter's machine code for ARM in emulation, and compares what it computes with what it does here.

Run ``python tests/on_arm.py``. It needs Debian's packages qemu-user, gcc-aarch64-linux-gnu and libc6-dev-arm64-cross.
Every example must have the same bits on both, where this CPU has fused products, too; sums over the examples are added
up in another order. The code is run by a small program: it is given all memory that the code knows, and gives it back.
"""

import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

import autograd
from autograd import record

MAIN = """
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

extern void run(int64_t *);

int main(int count, char **paths) {
    int64_t rows, base[32], size[32], given, arguments[64], one;
    char *row[32];
    FILE *file = fopen(paths[1], "rb");
    fread(&rows, 8, 1, file);
    for (int i = 0; i < rows; i++) {
        fread(&base[i], 8, 1, file);
        fread(&size[i], 8, 1, file);
        row[i] = aligned_alloc(64, (size[i] + 127) / 64 * 64);
        fread(row[i], 1, size[i], file);
    }
    fread(&given, 8, 1, file);
    fread(arguments, 8, given, file);
    for (int j = 0; j < given; j++)
        for (int i = 0; i < rows; i++)
            if ((one = arguments[j] - base[i]) == 0 || (one > 0 && one < size[i])) {
                arguments[j] = (int64_t)(row[i] + one);
                break;
            }
    run(arguments);
    file = fopen(paths[2], "wb");
    fwrite(row[0], 1, size[0], file);
    return fclose(file);
}
"""
FUNCTIONS_OF_GRAPHS = [
    "sin", "cos", "exp", "log", "tanh", "sqrt", "relu", "sigmoid", "gelu", "softplus", "atan", "erf", "log1p", "expm1",
]  # fmt: skip
ROOM = 4096  # numbers in and out that stand in the memory which is given back


class Arm:
    """The interpreter for ARM, compiled into a folder."""

    def __init__(self, folder):
        from llvmlite import binding

        from autograd.program.kernel import interpreter_module
        from autograd.program.machine import Features

        self.features = Features(lanes=2, registers=32, fused=True, cpu="cortex-a57", flags="")
        self.folder = folder
        binding.initialize_all_targets()
        binding.initialize_all_asmprinters()
        module = interpreter_module(self.features)
        module.triple = "aarch64-unknown-linux-gnu"
        machine = binding.Target.from_triple(module.triple).create_target_machine(
            cpu=self.features.cpu, opt=2, reloc="pic", codemodel="default"
        )
        (folder / "run.o").write_bytes(machine.emit_object(binding.parse_assembly(str(module))))
        (folder / "main.c").write_text(MAIN)
        compiler = ["aarch64-linux-gnu-gcc", "-static", "-O1", "-w", folder / "main.c", folder / "run.o", "-lm"]
        subprocess.run([*compiler, "-o", folder / "main"], check=True)

    def run(self, wanted, inputs, params):
        """Give what an `Interpreter` of the tape and places gives."""
        from autograd.program import interpreter

        with mock.patch.multiple(interpreter, features=lambda: self.features, _function=lambda _: None):
            runner = interpreter.Interpreter(*wanted)
        memory = runner._taken(inputs.shape, len(params))
        arguments = memory.begin(inputs, params)
        assert memory._is_small
        numbers = memory.constants
        while numbers.base is not None:
            numbers = numbers.base
        rows = [numbers, *runner._kept]
        content = [struct.pack("q", len(rows))]
        content += [struct.pack("2q", row.ctypes.data, row.nbytes) + row.tobytes() for row in rows]
        content += [struct.pack("q", len(arguments) // 8), arguments]
        (self.folder / "in").write_bytes(b"".join(content))
        command = ["qemu-aarch64", self.folder / "main", self.folder / "in", self.folder / "out"]
        subprocess.run(command, check=True)
        numbers.view("u1")[:] = bytearray((self.folder / "out").read_bytes())
        return memory.results()


def is_alike(arm, wanted, inputs, params):
    """Tell whether each example has the same bits, and sums are the same roughly."""
    import numpy as np

    from autograd.program.interpreter import Interpreter

    there, here = arm.run(wanted, inputs, params), Interpreter(*wanted).run(inputs, params)
    signs = [np.signbit(each[0]) | np.isnan(each[0]) for each in (there, here)]
    same = np.array_equal(there[0], here[0], equal_nan=True) and np.array_equal(*signs)
    return same and np.allclose(there[1], here[1], rtol=1e-11, atol=1e-12, equal_nan=True) and there[2] == here[2]


def networks():
    """Give networks with their loss, and rows for them, in some of which are numbers far out."""
    import numpy as np

    import nn

    generator = np.random.default_rng(0)
    for activation in ("tanh", "relu", "sigmoid", "gelu"):
        for nin, sizes in ((2, [16, 16, 1]), (5, [7, 3]), (9, [4, 1]), (1, [3]), (3, [20, 10, 2])):
            model = nn.MLP(nin, sizes, activation=activation, seed=1)

            def loss(x, model=model):
                out = model(x)
                return autograd.sum([each * each for each in (out if isinstance(out, list) else [out])])

            program = record(loss, [0.1] * nin, model.parameters())
            for count in (1, 7, 65, 130):
                rows = generator.normal(size=(count, nin)) * 2
                if count == 65:
                    rows[3, 0], rows[10], rows[20, 0], rows[21], rows[30] = 400.0, np.inf, np.nan, -0.0, 1e-310
                yield f"{activation} {sizes}, {count}", program, rows


def functions():
    """Give each function that has vector code, and rows with numbers of all sizes."""
    import numpy as np

    from autograd.program.elementary.functions import FUNCTIONS

    generator = np.random.default_rng(0)
    sizes = 10.0 ** generator.uniform(-308, 308, 300)
    corners = [0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, 1e300, 709.9, -745.2, 350.0, 22.0]
    numbers = np.concatenate([generator.normal(size=300), generator.uniform(-800, 800, 300), sizes, -sizes, corners])
    for name in sorted(FUNCTIONS):
        function = getattr(autograd, name, None)
        for point in ([0.5], [1.5], [0.5, 0.7]):
            try:
                program = record(lambda x, function=function: function(*x), point)
            except (TypeError, ValueError):
                continue
            yield name, program, np.column_stack([numbers, generator.permutation(numbers)][: len(point)])
            break


def graphs():
    """Give random graphs, and rows for them."""
    import numpy as np

    for seed in range(80):
        chance = random.Random(seed)

        def last(x, chance=chance):
            values = list(x)
            for _ in range(40):
                a, b = chance.choice(values[-12:]), chance.choice(values)
                arithmetic = [
                    a + b,
                    a - b * 0.3,
                    a * b * 0.5,
                    a / (b * b + 1.0),
                    autograd.dot([a, b], [0.3, -0.7], 0.2),
                ]
                function = getattr(autograd, chance.choice(FUNCTIONS_OF_GRAPHS))
                values.append(
                    chance.choice(arithmetic) if chance.random() < 0.7 else function(autograd.tanh(a) * 0.4 + 0.5)
                )
            return autograd.sum(values[-5:])

        yield f"graph {seed}", record(last, [0.4, 0.6, 0.9]), np.random.default_rng(seed).uniform(0.1, 1.2, (33, 3))


def main():
    import numpy as np

    tried, others = 0, []
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        arm = Arm(Path(folder))
        for name, program, rows in (*networks(), *functions(), *graphs()):
            params = np.array([param.data for param in program.params])
            tape, observed, slopes = program._tape, program._observed, program._flat_slopes
            ways = [(tape, observed, slopes)]
            if (len(observed) + len(slopes)) * (len(rows) + 1) <= ROOM:
                ways.append((tape, [*observed, *slopes], []))
            for wanted in ways:
                tried += 1
                if not is_alike(arm, wanted, rows, params):
                    others.append(name)
    sys.stdout.write(f"{tried} runs on ARM, in emulation: {len(others)} come to something else than here\n")
    if others:
        sys.exit("\n".join(others))


if __name__ == "__main__":
    main()
