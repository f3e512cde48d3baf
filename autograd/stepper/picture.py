"""A stand-in until the drawing is there."""
import re
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
    return compact(svg)


def compact(svg: str) -> str:
    """Write a drawing with fewer characters: what every element repeats is said once, a tenth of a point is enough."""
    svg = re.sub(r"<!--.*?-->|<title>.*?</title>|^.*?(?=<svg)", "", svg, flags=re.DOTALL)
    svg = re.sub(r' (?:font-family="Courier"|font-size="12.00"|text-anchor="middle"|stroke="black"|fill="none"|class="\w+")', "", svg)
    svg = re.sub(r"\d+\.\d+", lambda match: f"{float(match[0]):.1f}".removesuffix(".0"), svg)
    style = "text{font:12px Courier,monospace;text-anchor:middle}polygon,polyline,path,ellipse{fill:none;stroke:#000}polygon[fill]{fill:currentColor}"
    svg = re.sub(r">\s+<", "><", svg)
    return svg.replace("<g ", f"<style>{style}</style><g ", 1)
