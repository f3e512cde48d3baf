"""How large the terms of a derivative are: what its rounding errors are relative to."""

from autograd.engine import topological_order


def size_of_gradients(root, leaves):
    """Bound the sum of the magnitudes of all paths' products: what rounding errors are relative to."""
    sizes = dict.fromkeys(topological_order(root), 0.0)
    sizes[root] = 1.0
    for node in reversed(topological_order(root)):
        for parent, slope in zip(node.parents, node.local_grads, strict=True):
            sizes[parent] += abs(slope) * sizes[node]
    return [1.0 + sizes.get(leaf, 0.0) for leaf in leaves]
