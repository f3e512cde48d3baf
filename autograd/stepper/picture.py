"""A stand-in until the drawing is there."""
import subprocess
from autograd.ops import TABLE
from autograd.engine import Value

def picture(steps):
    place = {n: k for k, n in enumerate(steps.order)}
    lines = ['digraph { rankdir=LR; node [fontname=Courier fontsize=12]; edge[arrowsize=0.7]']
    for n, k in place.items():
        lines.append(f'n{k} [id=n{k} shape=record label="{steps.names[n]} | {steps.data[n]:.4g} | grad {steps.grads[n]:.4g}"]')
        if n.op:
            lines.append(f'o{k} [id=o{k} label="{TABLE[n.op].symbol or n.op}"]; o{k} -> n{k} [id=v{k}]')
            for j, p in enumerate(n.operands):
                if isinstance(p, Value):
                    lines.append(f'n{place[p]} -> o{k} [id="e{k}-{j}"]')
    lines.append("}")
    svg = subprocess.run(["dot", "-Tsvg"], input="\n".join(lines), text=True, capture_output=True, check=True).stdout
    return svg[svg.index("<svg"):]
