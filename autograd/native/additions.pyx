# What Python does for a class of its own accord, and a C struct has to be told. Appended to the generated module.

from cpython.object cimport PyObject

cdef extern from "Python.h":
    Py_ssize_t Py_REFCNT(PyObject *)
    bint PyObject_GC_IsTracked(object)
    void PyObject_GC_UnTrack(void *)
    double PyFloat_AS_DOUBLE(object)
    bint PyFloat_CheckExact(object)


cdef inline double _share(object slope, double grad) except? -1.0:
    """A product that is one of doubles unless the slope is of a class that has its own."""
    return PyFloat_AS_DOUBLE(slope) * grad if PyFloat_CheckExact(slope) else slope * grad


cdef inline Py_hash_t _address(Value node):
    """The hash by identity, as of `object`: the low bits of an address are always zero."""
    cdef size_t address = <size_t> <void *> node
    return <Py_hash_t> ((address >> 4) | (address << (8 * sizeof(size_t) - 4)))


cdef inline bint _is_leaf(Value node):
    return node._first is None and node._second is None and node._rest is None


cdef inline bint _collected(object referred):
    return referred is not None and PyObject_GC_IsTracked(referred)


ctypedef fused Made:
    Value
    Many


cdef inline int _leave_to_counting(Made made) except -1:
    """
    Take a new object from the cyclic collector, if nothing it refers to is in its hands.

    A node refers only to what was there before it, so that it can be part of a cycle only through an object that others
    can change: an instance of a subclass. Such an object is tracked, and so is then all that depends on it.
    """
    if Made is Value:
        if type(made) is Value and not (_collected(made._first) or _collected(made._second) or _collected(made._rest)):
            PyObject_GC_UnTrack(<void *> made)
    else:
        for parent in made.parents:
            if PyObject_GC_IsTracked(parent):
                return 0
        PyObject_GC_UnTrack(<void *> made.operands)
        PyObject_GC_UnTrack(<void *> made.parents)
        PyObject_GC_UnTrack(<void *> made.local_grads)
        PyObject_GC_UnTrack(<void *> made)
    return 0


cdef void _let_go(Value dying) noexcept:
    """
    Let go of a node's parents without recursion, however long the chain of those that die with it.

    Those that die wait in a list, linked through their slots for marks.
    """
    cdef Value node, waiting
    if not _ends_with(dying):
        return
    waiting = _taken(dying, None)
    while waiting is not None:
        node = waiting
        waiting = None if node._mark is None else <Value?> node._mark
        node._mark = None
        if _ends_with(node):
            waiting = _taken(node, waiting)


cdef inline bint _ends_with(Value node) noexcept:
    """Tell whether a parent may die when the node does; of ``y * y`` no reference is the last until the other is gone."""
    cdef PyObject *first = <PyObject *> node._first
    cdef PyObject *second = <PyObject *> node._second
    return Py_REFCNT(first) == 1 or Py_REFCNT(second) == 1 or (first == second and node._first is not None)


cdef inline Value _taken(Value node, Value waiting):
    """
    Take a node's parents from it, and put those whose last reference this was before those that wait.

    A parent is looked at when its reference in the node has been given up. An instance of a subclass dies at once: it
    may have a destructor, which is to see all of it. Python itself sees to the depth of a chain of such.
    """
    cdef Value parent = node._first
    node._first = None
    if Py_REFCNT(<PyObject *> parent) == 1 and type(parent) is Value:
        parent._mark = waiting
        waiting = parent
    parent = node._second
    node._second = None
    if Py_REFCNT(<PyObject *> parent) == 1 and type(parent) is Value:
        parent._mark = waiting
        waiting = parent
    return waiting


# ---------------------------------------------------------------------- the loops of many.py over plain numbers


cpdef double sum_of_products(list ws, list xs, double start=0.0) except? -1.0:
    """Multiply in pairs, and add from left to right."""
    cdef Py_ssize_t i
    for i in range(min(len(ws), len(xs))):
        start += <double> ws[i] * <double> xs[i]
    return start


cdef bint _all_are(kind, list items):
    """Tell whether the items of a list, of which there is one, are all exactly of a class."""
    for item in items:
        if type(item) is not kind:
            return False
    return len(items) > 0


cdef list _numbers_of(list nodes):
    """Give the number of each node."""
    cdef Value node
    return [node._data for node in nodes]


for _class in (Value, Many):
    _class.__module__ = "autograd.engine"  # as in a pickle, which either engine can read
    _class.__name__ = _class.__name__  # so that messages say Value, not autograd._native.Value
topological_order.__module__ = "autograd.engine"
